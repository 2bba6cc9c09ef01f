"""The manifest of a study: which instances its objects hold."""

from idh_tasks.domain.study import InstanceRecord, SeriesId
from idh_tasks.pipelines.ingest.kept import read_manifest, write_manifest

RECORDS = [
    InstanceRecord(f"2.25.{number}", SeriesId(series), digest * 64, profile)
    for number, (series, digest, profile) in enumerate([("s1", "a", "p"), ("s1", "b", "q"), ("s2", "c", "p")])
]


def test_a_manifest_lists_each_instance_with_series_hash_and_version_of_the_code() -> None:
    assert read_manifest(write_manifest(RECORDS)) == {record.instance_id: record for record in RECORDS}


def test_the_same_instances_give_the_same_bytes_in_whatever_order() -> None:
    assert write_manifest(RECORDS[::-1]) == write_manifest(RECORDS)


def test_an_instance_takes_less_than_half_of_a_row_of_the_database() -> None:
    many = [InstanceRecord(f"2.25.{10**37 + n}", SeriesId("s" * 24), "a" * 64, "p" * 12) for n in range(1000)]
    assert len(write_manifest(many)) / len(many) < 331 / 2
