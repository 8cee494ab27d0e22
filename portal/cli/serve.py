"""portal serve, portal worker: the web server and the deliverer of messages."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from portal.cli.command import argument, command
from portal.config import settings

STATIC = Path(__file__).parents[1] / "static"
UNPACKED = ("build/fonts", "images")  # The rest the portal sends packed, see cache.PackedAssets.


@command("serve", "run the web server",
         argument("--with-worker", action="store_true", help="run the worker beside it, in the same process group"))
def serve(with_worker: bool) -> None:
    """Serve until interrupted; granian starts its processes and stops them."""
    from granian import Granian
    from granian.constants import Interfaces
    settings.check_service()
    host, _, port = settings.listen.rpartition(":")
    # Ctrl-C reaches the whole group, but granian's workers hang when told twice to stop: they hear it from granian alone.
    os.register_at_fork(after_in_child=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}))
    worker = subprocess.Popen([sys.executable, "-m", "portal", "worker"]) if with_worker else None
    try:
        Granian("portal:create_app", factory=True, address=host, port=int(port), interface=Interfaces.WSGI,
                workers=settings.workers, workers_kill_timeout=10, respawn_failed_workers=True, blocking_threads=settings.threads,
                static_path_route=[f"/static/{part}" for part in UNPACKED],
                static_path_mount=[STATIC / part for part in UNPACKED], static_path_expires=31536000).serve()
    finally:
        if worker:
            worker.terminate()
            worker.wait()


@command("worker", "deliver messages until stopped")
def work() -> None:
    from portal import create_app
    from portal.messaging import worker
    worker.run(create_app())
