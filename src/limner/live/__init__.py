"""Live: from a camera to a window, a recording and a virtual camera, with bounded delay, nothing shown by mistake."""
