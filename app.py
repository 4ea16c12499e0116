"""The frame: navigation, the open project, the sidebar. No logic; each page is a file in ``pages``."""

from __future__ import annotations

import streamlit as st

from pages.parts import errors, frame, sidebar

st.set_page_config(layout="wide", initial_sidebar_state="auto", menu_items={"Get help": None, "Report a bug": None})
frame.dress()
page = frame.navigation()
frame.keep_address()
frame.say_notices()
with sidebar.beside(), frame.framed(), errors.calm(doing=f"showing the page {page.title}"):
    page.run()
