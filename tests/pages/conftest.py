import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def fresh():
    """A server that has kept nothing yet."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()
