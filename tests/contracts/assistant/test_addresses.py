"""Addresses that a caller names: only what the operator allowed is asked, and what was not is never told."""

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.wire import LIBRARY, failed, succeeded

REFUSED = [
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1:6379/_x",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "jar:http://127.0.0.1/x",
    "unix:///var/run/docker.sock",
    "/etc/passwd",
    "//127.0.0.1/x",
    "http://",
    "http:///x",
    "http:127.0.0.1",
    "127.0.0.1",
    "http://{forbidden}/x",
    "https://{forbidden}/x",
    "HTTP://{forbidden}/x",
    "http://localhost:{port}/x",
    "http://LOCALHOST.:{port}/x",
    "http://foo.localhost:{port}/x",
    "http://127.1:{port}/x",
    "http://127.0.1:{port}/x",
    "http://0:{port}/x",
    "http://0.0.0.0:{port}/x",
    "http://2130706433:{port}/x",
    "http://0x7f000001:{port}/x",
    "http://0x7f.0.0.1:{port}/x",
    "http://017700000001:{port}/x",
    "http://127.0.0.1%00.example.com:{port}/x",
    "http://127。0。0。1:{port}/x",
    "http://①②⑦.⓪.⓪.①:{port}/x",
    "http://[::1]:{port}/x",
    "http://[::]:{port}/x",
    "http://[::ffff:127.0.0.1]:{port}/x",
    "http://[::ffff:7f00:1]:{port}/x",
    "http://[0:0:0:0:0:0:0:1]:{port}/x",
    "http://[64:ff9b::7f00:1]:{port}/x",
    "http://[fe80::1%25lo]:{port}/x",
    "http://[::1:{port}/x",
    "http://10.0.0.1/x",
    "http://172.16.0.1/x",
    "http://192.168.1.1/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://224.0.0.1/x",
    "http://255.255.255.255/x",
    "http://user:password@{allowed}/页",
    "http://user@{allowed}/页",
    "http://{allowed}@{forbidden}/x",
    "http://{allowed}#@{forbidden}/../../x y",
    "http://{allowed}\\@{forbidden}/x",
    "http://{allowed}:99999/x",
    "http://{allowed}:0/x",
    "http://127.0.0.1:1/x",
    "http://{allowed}/a\nb",
    "http://{allowed}/" + "a" * 4096,
]


def filled(address: str, material: Material, forbidden: Material) -> str:
    return address.format(allowed=material.address, forbidden=forbidden.address, port=forbidden.address.split(":")[1])


@pytest.mark.usefixtures("untouched")
def test_addresses_that_may_not_be_reached_are_refused(
    client: httpx.Client, material: Material, forbidden: Material
) -> None:
    material.document("页", "正文")
    asked, faults = list(material.asked), []
    for template in REFUSED:
        address = filled(template, material, forbidden)
        one = client.post(f"{LIBRARY}/add_document", json={"doc_url": address, "doc_name": "甲.txt"})
        many = client.post(f"{LIBRARY}/add_multi_document", json={"multi_doc_urls": [address], "doc_names": ["甲.txt"]})
        for response in (one, many):
            if response.status_code != 400:
                faults.append(f"{address[:80]}: {response.text[:100]}")
                continue
            message = failed(response, 400)
            assert "127.0.0.1" not in message, "tells what the name resolved to"
    assert faults == []
    assert forbidden.asked == []
    assert material.asked == asked


REDIRECTS = [
    "http://{forbidden}/x",
    "http://localhost:{port}/x",
    "//{forbidden}/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:{port}/x",
    "http://user:password@{allowed}/页",
    "file:///etc/passwd",
    "ftp://{allowed}/x",
    "",
    "http://",
]


@pytest.mark.parametrize("target", REDIRECTS)
@pytest.mark.usefixtures("untouched")
def test_redirects_are_judged_anew(
    client: httpx.Client, material: Material, forbidden: Material, tag: str, target: str
) -> None:
    address = material.redirect(f"to-{tag}", filled(target, material, forbidden))
    failed(client.post(f"{LIBRARY}/add_document", json={"doc_url": address, "doc_name": "甲.txt"}), 400)
    assert forbidden.asked == []


def test_three_redirects_are_followed_and_four_are_not(client: httpx.Client, material: Material, tag: str) -> None:
    address = material.document(f"{tag}.txt", "到了。")
    for step in range(4):
        target, address = address, material.redirect(f"{tag}-{step}", address)
    body = {"tenant_code": tag, "doc_name": "甲.txt"}
    failed(client.post(f"{LIBRARY}/add_document", json={**body, "doc_url": address}), 400)
    succeeded(client.post(f"{LIBRARY}/add_document", json={**body, "doc_url": target}))


UNREADABLE = [("缺页.txt", None), ("空.txt", b""), ("坏.pdf", b"%PDF-1.7 x"), ("坏.docx", b"PK\x03\x04")]


@pytest.mark.parametrize(("name", "content"), UNREADABLE)
@pytest.mark.usefixtures("untouched")
def test_what_cannot_be_read_stores_nothing(
    client: httpx.Client, material: Material, tag: str, name: str, content: bytes | None
) -> None:
    address = f"{material.url}/{tag}" if content is None else material.document(f"{tag}{name}", content)
    failed(client.post(f"{LIBRARY}/add_document", json={"doc_url": address, "doc_name": name}), 400)


def test_a_failed_replacement_leaves_the_earlier_document(client: httpx.Client, material: Material, tag: str) -> None:
    body = {"tenant_code": tag, "doc_name": "甲.txt", "doc_url": material.document(tag, f"先前的正文{tag}。")}
    succeeded(client.post(f"{LIBRARY}/add_document", json=body))
    material.document(tag, "%PDF-1.7 broken")
    failed(client.post(f"{LIBRARY}/add_document", json=body), 400)
    failed(client.post(f"{LIBRARY}/add_document", json={**body, "doc_url": f"{material.url}/x"}), 400)
    assert contents(client, tag) == [f"先前的正文{tag}。"]
    material.document(tag, f"后来的正文{tag}。")
    succeeded(client.post(f"{LIBRARY}/add_document", json=body))
    assert contents(client, tag) == [f"后来的正文{tag}。"]


def contents(client: httpx.Client, tag: str) -> list[str]:
    """What the tenant's documents hold."""
    asked = {"tenant_code": tag, "query": f"正文{tag}", "collection_type": "DOC"}
    ((*hits,),) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=asked))["entities"]
    return [hit["content"] for hit in hits]
