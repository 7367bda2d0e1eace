"""The valuable customers who are growing quiet: who they are, what is at risk, who came, who was kept and who left."""
