"""Asks an ASGI app without a server."""

import asyncio


async def asked(app, method, path, headers=(), body=b""):
    """Status and body of the answer."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    named = [(name.lower().encode(), value.encode()) for name, value in headers]
    await app(
        {"type": "http", "method": method, "path": path, "query_string": b"", "headers": named},
        receive,
        send,
    )
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def ask(app, method, path, headers=(), body=b""):
    """The same, from code that does not wait."""
    return asyncio.run(asked(app, method, path, headers, body))
