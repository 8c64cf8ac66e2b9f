"""src/portal/openapi.json as a judge: is this answer, to this call, one that the file describes?"""
import json
import os
import re

import jsonschema

from harness import ROOT

with open(os.path.join(ROOT, "src", "portal", "openapi.json"), encoding="utf-8") as _file:
    DOCUMENT = json.load(_file)
_RESOLVER = jsonschema.RefResolver.from_schema(DOCUMENT)
METHODS = ("get", "post", "put", "delete")
seen = set()  # (operation, status) of answers that were judged


def resolve(thing):
    """Follows a $ref at the top of something that is no schema."""
    return _RESOLVER.resolve(thing["$ref"])[1] if "$ref" in thing else thing


def operations():
    """(METHOD, path, operation) of the file."""
    return [(method.upper(), path, item[method]) for path, item in DOCUMENT["paths"].items() for method in METHODS if
            method in item]


def operation_of(method, target):
    path = target.partition("?")[0]
    for known, template, operation in operations():
        if known == method and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            return operation
    return None


def complaints(schema, value):
    validator = jsonschema.Draft202012Validator(schema, resolver=_RESOLVER)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]


def judge_body(operation, status, sent):
    """What was answered with success was a call that the file allows."""
    described = operation.get("requestBody")
    if status >= 300 or described is None:
        return ["a body is not described"] if status < 300 and sent else []
    return complaints(described["content"]["application/json"]["schema"], json.loads(sent))


def judge(method, target, sent, answer):
    """Complaints about an answer; paths and methods that are not described may answer a problem alone."""
    operation = operation_of(method, target)
    responses = operation["responses"] if operation else {"default": {"$ref": "#/components/responses/Problem"}}
    described = resolve(responses.get(str(answer.status), responses["default"]))
    kind = answer.headers.get("content-type", "").partition(";")[0]
    found = judge_body(operation, answer.status, sent) if operation else []
    if operation:
        seen.add((operation["operationId"], answer.status))
    if "content" not in described:
        return found + (["a body where none is described"] if answer.body else [])
    if kind not in described["content"]:
        return found + [f"{kind} is not described"]
    for name, header in described.get("headers", {}).items():
        found += [f"{name} is missing"] if header.get("required") and name.lower() not in answer.headers else []
    if kind == "application/problem+json" and answer.json.get("status") != answer.status:
        found.append("the problem's status is another than the answer's")
    return found + complaints(described["content"][kind]["schema"], answer.json if kind.endswith("json") else answer.text)


def unanswered(tag):
    """Successes that the file describes, of operations with this tag (None: with no tag), and that were not judged yet."""
    described = {(operation["operationId"], int(status)) for _, _, operation in operations() for status in
                 operation["responses"] if status != "default" and operation.get("tags", [None]) == [tag]}
    return described - seen
