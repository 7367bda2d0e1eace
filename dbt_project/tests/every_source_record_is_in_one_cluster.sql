-- A returned row is a source record without a cluster: what it did would be lost.
select source_records.source_record_id
from {{ ref('source_records') }} as source_records
left join {{ ref('clusters') }} as clusters
    on source_records.source_record_id = clusters.source_record_id
where clusters.source_record_id is null
