"""Turn nested values into XML text that any parser reads back the same."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from editor.film.export.files import for_xml

Value = str | int | None


def add(parent: Element, tag: str, text: Value = None, **attributes: Value) -> Element:
    """A new child with text and attributes; attributes of None are left out."""
    given = {key: for_xml(str(value)) for key, value in attributes.items() if value is not None}
    child = SubElement(parent, tag, given)
    if text is not None:
        child.text = for_xml(str(text))
    return child


def document(root: Element, doctype: str = "") -> str:
    """The whole file's text, indented, with its document type where the format wants one."""
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode").replace("\r", "&#13;")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<!DOCTYPE {doctype}>\n{body}\n" if doctype else f"{head}{body}\n"
