"""Requests that need no preparation to be refused; those that do stand beside what they belong to."""

from expectations import NAMESPACES


def test_refused(cloud, refusal):
    before = cloud.listed(NAMESPACES["standing"])
    cloud.refused(refusal["code"], refusal.get("arguments"), refusal["operation"], **refusal["parameters"])
    assert cloud.listed(NAMESPACES["standing"]) == before
