SELECT idh.name_series(
    :study_id, :series_id, :present_sequence, :present_evidence, :sequence, 'high', :evidence
) AS done
