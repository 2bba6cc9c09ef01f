"""The object store against a real S3 server."""

import pytest
from pydantic import SecretStr

from idh_tasks.errors import IdhError, RunRefusedError, TransientError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import ObjectStore


def test_what_is_put_is_got_with_the_same_hash(platform: Platform) -> None:
    digest = platform.store.put("test/object", b"content")
    assert platform.store.get_checked("test/object", digest) == b"content"


def test_r03_other_bytes_than_recorded_are_refused(platform: Platform) -> None:
    digest = platform.store.put("test/object", b"content")
    platform.store.put("test/object", b"contenT")
    with pytest.raises(IdhError, match="E_HASH"):
        platform.store.get_checked("test/object", digest)


def test_s01_an_object_that_vanished_is_named(platform: Platform) -> None:
    with pytest.raises(IdhError) as caught:
        platform.store.get("test/nothing here")
    assert caught.value.code == "W_VANISHED"


def test_s02_an_object_replaced_since_the_listing_is_not_mixed(platform: Platform) -> None:
    platform.store.put("changed/object", b"old")
    [listed] = platform.store.listed("changed/")
    platform.store.put("changed/object", b"new content")
    with pytest.raises(TransientError, match="E_CHANGED"):
        platform.store.get(listed.key, etag=listed.etag)


def test_s04_every_page_of_a_listing_is_read(platform: Platform) -> None:
    names = {f"pages/{number:04d} ü" for number in range(1005)}
    for name in names:
        platform.drop.put(name, b"")
    assert {item.key for item in platform.drop.listed("pages/")} == names


def test_s05_a_wrong_key_is_refused_without_naming_it(platform: Platform) -> None:
    settings = platform.settings.store.model_copy(update={"secret_key": SecretStr("wrong-secret-key")})
    with pytest.raises(RunRefusedError) as caught:
        ObjectStore(settings).put("test/x", b"")
    assert caught.value.code == "E_STORE_AUTH"
    assert settings.access_key not in str(caught.value)
