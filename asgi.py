"""The pages of app.py and the answers for programs, on one server. Run with `make serve`, or `streamlit run asgi.py`."""

from pathlib import Path

import streamlit as st

from advisor.serve import routes

app = st.App(Path(__file__).with_name("app.py"), routes=routes.all_of())
