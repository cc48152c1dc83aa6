"""The page that runs Limner in a browser: serves it on this machine, or exports it as a static site."""
