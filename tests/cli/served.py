"""The service with all its routes, as a process: `python tests/cli/served.py '{"port": 0, …}'`.

It prints its address; `handrail serve` prints more, and takes no settings as JSON.
"""

import json
import sys

from handrail.config import Settings
from handrail.web import server
from handrail.web.app import create_app
from handrail.wiring.service import Service


def main() -> None:
    """Serve until a signal comes."""
    settings = Settings.model_validate(json.loads(sys.argv[1]))
    sock = server.listen(settings.host, settings.port)
    sys.stdout.write("http://{}:{}\n".format(*sock.getsockname()[:2]))
    sys.stdout.flush()
    app = create_app(Service(settings))
    server.run(app, settings, sock, ending=app.state.frame.ending)


if __name__ == "__main__":
    main()
