"""A browser tab without a browser: Streamlit 1.67's websocket protocol, as its page speaks it, from the first health check to the last rerun.

What a browser draws is left out; what it sends is not: the subprotocols with the token against forged requests, its time zone and colours, the
state of every widget with each rerun, and the hashes of the large messages that it has kept, which the server then does not send again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from benchmarks.load import widgets
from benchmarks.load.widgets import KINDS, Value

LONGEST_S = 60.0
"""A rerun that has not ended by then counts as an error, and the tab closes."""
LARGEST = 50_000_000
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class WalkError(Exception):
    """The page was not as expected: what is missing or wrong, in a sentence."""


@dataclass
class Run:
    """One rerun as the tab saw it. `seconds` is from sending to the message that the script has ended; `told_s` to the first notice on the page.

    `elements` are (kind, protobuf) by their place; `problem` says what was wrong, and is empty where nothing was.
    """

    seconds: float = 0.0
    told_s: float | None = None
    elements: dict[tuple[int, ...], tuple[str, Any]] = field(default_factory=dict)
    received: int = 0
    problem: str = ""

    @property
    def kinds(self) -> Counter[str]:
        """How many elements of each kind there are."""
        return Counter(kind for kind, _ in self.elements.values())

    def all_of(self, kind: str) -> list[Any]:
        """The elements of one kind."""
        return [element for found, element in self.elements.values() if found == kind]

    @property
    def words(self) -> tuple[str, ...]:
        """Headings, sentences, tables and labels of sections, in the order of the page: what a reader would see change."""
        read = {
            "heading": lambda element: element.body,
            "markdown": lambda element: element.body,
            "table": lambda element: element.arrow_data.data.hex(),
            "expandable": lambda element: element.label,
        }
        return tuple(
            read[kind](element) for kind, element in self.elements.values() if kind in read
        )


class Tab:
    """One visitor's tab on a server at `base` (http://127.0.0.1:port), who gives up a rerun after `longest_s`."""

    def __init__(self, base: str, longest_s: float = LONGEST_S) -> None:
        self._base, self._longest_s = base, longest_s
        self._socket: ClientConnection | None = None
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[
            str, tuple[int, Any]
        ] = {}  # large elements by hash, with the run that last used each
        self._oldest = 2
        self._runs = 0
        self._pages: dict[str, str] = {}
        self._page = ""
        self._name = ""
        self.query = ""
        self.last = Run()

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._socket is not None

    async def open(self, page: str, query: str = "") -> Run:
        """Opens an address: connects, and runs the page for the first time."""
        began = time.perf_counter()
        try:
            async with httpx.AsyncClient(
                base_url=self._base, timeout=self._longest_s, trust_env=False
            ) as web:
                (await web.get("/_stcore/health")).raise_for_status()
                cookies = dict(web.cookies)
            token = cookies.get("_streamlit_xsrf", "PLACEHOLDER_AUTH_TOKEN")
            self._socket = await connect(
                f"{self._base.replace('http', 'ws', 1)}/_stcore/stream",
                origin=Origin(self._base),
                subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
                additional_headers={
                    "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())
                },
                open_timeout=self._longest_s,
                ping_interval=None,
                max_size=LARGEST,
                proxy=None,
            )
        except (OSError, httpx.HTTPError, WebSocketException, TimeoutError) as error:
            return Run(
                time.perf_counter() - began, problem=f"could not connect ({type(error).__name__})"
            )
        self._name, self.query = page, query
        run = await self._rerun()
        run.seconds = time.perf_counter() - began
        return run

    async def change(self, name: str, value: Value) -> Run:
        """Puts a value into the widget with that key; a bound one changes the address too."""
        kind, widget = self._widget(name)
        self._states[widget.id] = widgets.state(kind, widget, value)
        if widget.query_param_key:
            asked = parse_qs(self.query, keep_blank_values=True)
            asked.pop(name, None)
            if value != widgets.default(kind, widget):
                asked[name] = widgets.parameter(value)
            self.query = urlencode(asked, doseq=True)
        return await self._rerun()

    async def turn(self, name: str, value: str | bool) -> Run:
        """Opens one of the tabs with that key by its label, or opens or closes the box with it."""
        box = next(
            (
                e
                for kind, e in self.last.elements.values()
                if kind in ("tab_container", "expandable") and widgets.named(e, name)
            ),
            None,
        )
        if box is None:
            raise WalkError(f"The page has no tabs and no box '{name}'.")
        self._states[box.id] = (
            WidgetState(id=box.id, bool_value=value)
            if isinstance(value, bool)
            else WidgetState(id=box.id, string_value=value)
        )
        if box.query_param_key:
            self.query = urlencode(
                parse_qs(self.query, keep_blank_values=True) | {name: widgets.parameter(value)},
                doseq=True,
            )
        return await self._rerun()

    async def press(self, name: str) -> Run:
        """Presses the button with that key."""
        button = next((one for one in self.last.all_of("button") if widgets.named(one, name)), None)
        if button is None:
            raise WalkError(f"The page has no button '{name}'.")
        return await self._rerun(WidgetState(id=button.id, trigger_value=True))

    async def follow(self, label: str) -> Run:
        """Follows the link with that label to another page, with the parameters that it carries."""
        link = next((one for one in self.last.all_of("page_link") if one.label == label), None)
        if link is None:
            raise WalkError(f"The page has no link '{label}'.")
        self._states = {}  # a browser keeps only those of app.py itself, which has none
        self._page, self.query = link.page_script_hash, link.query_string
        return await self._rerun()

    async def close(self) -> None:
        """Leaves."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def _widget(self, name: str) -> tuple[str, Any]:
        for kind, element in self.last.elements.values():
            if kind in KINDS and (element.query_param_key == name or widgets.named(element, name)):
                return kind, element
        raise WalkError(f"The page has no widget '{name}'.")

    async def _rerun(self, trigger: WidgetState | None = None) -> Run:
        """Sends what the tab holds, and reads until the script has ended."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash, asked.page_name = (
            self.query,
            self._page,
            "" if self._page else self._name,
        )
        asked.widget_states.widgets.extend(self._states.values())
        if trigger is not None:
            asked.widget_states.widgets.append(trigger)
        asked.cached_message_hashes.extend(self._kept)
        asked.context_info.timezone, asked.context_info.locale = "Europe/Berlin", "en-GB"
        asked.context_info.url, asked.context_info.color_scheme = (
            f"{self._base}/{self._name}",
            "light",
        )
        run, began = Run(), time.perf_counter()
        try:
            async with asyncio.timeout(self._longest_s):
                await self._send(message)
                await self._read(run, began)
        except TimeoutError:  # before OSError, of which it is one
            run.problem = f"no end after {self._longest_s:g} s"
        except (OSError, WebSocketException) as error:
            run.problem = f"disconnected ({type(error).__name__})"
        except DecodeError:
            run.problem = "a message that cannot be read"
        run.seconds = time.perf_counter() - began
        if run.problem.startswith(("disconnected", "no end", "a message")):
            await self.close()
        self.last = run
        self._settle(run)
        return run

    async def _send(self, message: BackMsg) -> None:
        if self._socket is None:
            raise OSError("The tab is closed.")
        await self._socket.send(message.SerializeToString())

    async def _read(self, run: Run, began: float) -> None:
        assert self._socket is not None
        while True:
            data = await self._socket.recv()
            run.received += len(data)
            message = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            match message.WhichOneof("type"):
                case "new_session":
                    run.elements.clear()
                    self._oldest = message.new_session.config.max_cached_message_age or self._oldest
                    self._page = message.new_session.page_script_hash
                case "navigation":
                    self._pages = {
                        page.url_pathname: page.page_script_hash
                        for page in message.navigation.app_pages
                    }
                    self._page = message.navigation.page_script_hash
                case "page_info_changed":
                    self.query = message.page_info_changed.query_string
                case "page_not_found":
                    run.problem = "page not found"
                case "delta" | "ref_hash":
                    self._take(run, message, began)
                case "script_finished":
                    if message.script_finished in DONE:
                        return
                    if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                        run.problem = "the script does not compile"
                        return

    def _take(self, run: Run, message: ForwardMsg, began: float) -> None:
        """Puts an element or a block in its place."""
        place = tuple(message.metadata.delta_path)
        if message.WhichOneof("type") == "ref_hash":
            if message.ref_hash not in self._kept:
                raise DecodeError(message.ref_hash)
            element = self._kept[message.ref_hash][1]
            self._kept[message.ref_hash] = (self._runs, element)
        elif message.delta.WhichOneof("type") == "add_block":
            kind = message.delta.add_block.WhichOneof("type")
            if kind in ("tab_container", "expandable"):
                run.elements[place] = (kind, getattr(message.delta.add_block, kind))
            return
        elif message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if message.metadata.cacheable:
                self._kept[message.hash] = (self._runs, element)
        else:
            return
        kind = element.WhichOneof("type")
        run.elements[place] = (kind, getattr(element, kind))
        if kind == "exception":
            run.problem = (
                f"an exception on the page: {element.exception.type or element.exception.message}"[
                    :120
                ]
            )
        elif kind == "alert" and run.told_s is None:
            run.told_s = time.perf_counter() - began

    def _settle(self, run: Run) -> None:
        """Keeps the states of the widgets that are on the page, and lets old large messages go."""
        before, self._states = self._states, {}
        for kind, element in run.elements.values():
            if kind in KINDS:
                known = None if element.set_value else before.get(element.id)
                if (now := known or widgets.sent(kind, element)) is not None:
                    self._states[element.id] = now
            elif kind in ("tab_container", "expandable") and element.id in before:
                self._states[element.id] = before[element.id]
        self._runs += 1
        self._kept = {
            key: one for key, one in self._kept.items() if self._runs - one[0] <= self._oldest
        }
        if not run.problem and not run.elements:
            run.problem = "an empty page"
