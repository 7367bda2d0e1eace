"""How pages look: one column for reading, two for figures on a wide screen, plain on paper."""

STYLE = """
:root{--ink:#17212b;--quiet:#5b6875;--paper:#fff;--card:#f6f8fa;--line:#d7dde3;--accent:#1f4e79;color-scheme:light dark}
@media (prefers-color-scheme:dark){
:root{--ink:#e8edf2;--quiet:#a3afba;--paper:#12181e;--card:#1a222a;--line:#34404b;--accent:#8ab8e6}
.picture [fill="#1f4e79"]{fill:#4a86c0}.picture [stroke="#1f4e79"]{stroke:#4a86c0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:2.4rem;line-height:1.15;margin:.1em 0;letter-spacing:-.015em}
h2{font-size:1.5rem;margin:3.2rem 0 .3rem;padding-top:1rem;border-top:2px solid var(--ink)}
h3{font-size:1.02rem;margin:0 0 .25rem}
p{margin:.3rem 0;max-width:46rem}
a{color:var(--accent)}
.day,.subtitle,figcaption p,footer{color:var(--quiet)}
.day{text-transform:uppercase;letter-spacing:.06em;font-size:.8rem}
.subtitle{font-size:1.15rem}
.headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1.8rem 0}
.headline div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;
display:flex;flex-direction:column}
.headline dd{margin:0;font-size:1.75rem;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.headline dt{color:var(--quiet);font-size:.88rem;line-height:1.3}
nav ol{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;padding:0;margin:0;list-style:none;font-size:.95rem}
.blocks{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.4rem;margin-top:1.1rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.2rem;
min-width:0;break-inside:avoid;display:flex;flex-direction:column}
figure.wide{grid-column:1/-1}
figcaption p{font-size:.92rem;margin:0 0 .6rem}
.picture svg{display:block;max-width:100%;height:auto;color:var(--ink)}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.32rem .55rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{color:var(--quiet);font-weight:600;font-size:.83rem}
tbody th{font-weight:500}
td.number,th.number{text-align:right}td.short,th.short{white-space:nowrap}
td.text,th.text{text-align:left}
details{margin-top:auto;padding-top:.7rem;font-size:.85rem;color:var(--quiet)}
summary{cursor:pointer}
pre{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.7rem .8rem;
font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{margin-top:4rem;font-size:.85rem;border-top:1px solid var(--line);padding-top:1rem}
@media print{html{font-size:12px}body{padding:0;font-size:1rem}figure,.headline div{background:none}
details,nav{display:none}
.blocks{grid-template-columns:1fr 1fr;gap:.7rem}.headline{grid-template-columns:repeat(3,1fr);margin:1rem 0}
h2{break-after:avoid;margin-top:1.6rem}section>p{break-after:avoid}figure{padding:.7rem}}
"""
