#!/bin/sh
# Installs the servers that tests of streams talk to, where they are missing, or says what to install: nginx with RTMP,
# gst-rtsp-server, and SRT's tools; and ffmpeg, for tests of pipes. Where Debian runs services, it starts nginx; tests start their own, at free ports.
set -eu
missing=
[ -x /usr/sbin/nginx ] && [ -f /usr/lib/nginx/modules/ngx_rtmp_module.so ] || missing="nginx-light libnginx-mod-rtmp"
if ! /usr/bin/python3 -c "import gi; gi.require_version('GstRtspServer', '1.0')" >/dev/null 2>&1; then
    missing="$missing python3-gi python3-gst-1.0 gir1.2-gst-rtsp-server-1.0"
fi
for plugin in x264enc mpegtsmux aacparse; do
    gst-inspect-1.0 "$plugin" >/dev/null 2>&1 || missing="$missing gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
done
command -v srt-live-transmit >/dev/null 2>&1 || missing="$missing srt-tools"
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
# shellcheck disable=SC2086
exec sh "$(dirname "$0")/install_packages.sh" $missing
