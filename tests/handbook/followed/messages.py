"""Messages of libraries and the system on /fix/troubleshooting: each provoked, and fixed as its row says."""

from __future__ import annotations

from .page import row
from .reader import Story

_KEY = "export GEMINI_API_KEY=some-key\n"
_VALIDATE = "massgen --validate team.yaml\n"
_VALID = "Configuration is valid!"
_ANSWER = r"(?m)^ANSWER: "
_LOCAL = "agents:\n  - id: one\n    backend: {type: vllm, model: m, base_url: 'ADDRESS/v1'}\n"
_SAYS_IT = """\
import asyncio, massgen
async def cell():
    return WAY(massgen.run("What is 2+2?", model="gemini-2.5-flash"))
print("The result:", asyncio.run(cell())["final_answer"])
"""
_CERTIFICATE = """\
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out company.pem -days 1 -subj /CN=x \
  -addext subjectAltName=IP:127.0.0.1 2>/dev/null
python server.py & sleep 2
"""
_TAKEN = "python -m http.server 8124 --bind 127.0.0.1 >/dev/null 2>&1 & sleep 2\n"
_ASKED = """\
for second in $(seq 60); do
  curl -sf http://127.0.0.1:8123/ >/dev/null && echo It is there. && break
  sleep 1
done
"""
_TLS = """\
import http.server, ssl
server = http.server.HTTPServer(("127.0.0.1", 8443), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("company.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
_LOG = "cat .massgen/massgen_logs/*/turn_1/attempt_1/massgen.log"


def _said(message: str, fix: str) -> str:
    """The fix, if the message's row has it."""
    if fix not in row(message):
        raise LookupError(f"/fix/troubleshooting does not say {fix!r} of {message!r}")
    return fix


def _yaml(message: str, wrong: str, right: str, said: str) -> Story:
    """A line of YAML that is wrong, and the same line as the row says."""
    head = "agents:\n  - id: one\n    backend:\n      type: gemini\n      model: gemini-2.5-flash\n"
    write = f"cat > team.yaml <<'YAML'\n{head}{right}\nYAML\n"
    _said(message, said)
    return Story(
        message, _VALIDATE, _pattern(message), write + _VALIDATE, _VALID, {"team.yaml": f"{head}{wrong}\n"}
    )


def _pattern(message: str) -> str:
    return message.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").replace(".", r"\.")


def stories(provider: str) -> list[Story]:
    """Twelve of those that are marked as run; ``provider`` answers like OpenAI."""
    loop = "asyncio.run() cannot be called from a running event loop"
    ask = 'massgen --automation --config team.yaml "What is 2+2?"\n'
    local = _LOCAL.replace("ADDRESS", provider)
    web = "massgen --web --web-port"
    proxy = "export HTTP_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9\n"
    return [
        Story(
            "Bad git executable",
            "PATH=$ENVIRONMENT/bin massgen --list-examples",
            "Bad git executable",
            f"{_said('Bad git executable', 'export GIT_PYTHON_REFRESH=quiet')}\n"
            "PATH=$ENVIRONMENT/bin massgen --list-examples && echo It starts.",
            "It starts.",
        ),
        Story(
            "No module named pip",
            "uv venv -q --python 3.11 .venv && . .venv/bin/activate && python -m pip --version",
            "No module named pip",
            _said("No module named pip", "uv pip install NAME").replace("NAME", "six")
            + "\npython -c 'import six' && echo It is there.",
            "It is there.",
        ),
        Story(
            "No module named 'massgen'",
            'echo "import massgen; print(massgen.__name__, chr(33))" > script.py; /usr/bin/python3 script.py',
            "No module named 'massgen'",
            f"{_said('in your script', 'which python')}\npython script.py",
            "massgen !",
        ),
        Story(
            "UnicodeEncodeError",
            f"export LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0\n{_VALIDATE}",
            "'ascii' codec can't encode character",
            f"{_said('UnicodeEncodeError', 'export PYTHONUTF8=1')}\n{_VALIDATE}",
            _VALID,
            {"team.yaml": _LOCAL},
        ),
        _yaml(
            "expected escape sequence of 8 hexadecimal numbers",
            r'      system_prompt_file: "C:\Users\me"'.replace("system_prompt_file", "title"),
            r"      title: 'C:\Users\me'",
            "single quotes",
        ),
        _yaml(
            r"found character '\t' that cannot start any token", "      title:\tx", "      title: x", "spaces"
        ),
        _yaml(
            "found character '@' that cannot start any token",
            "      title: @examples/x",
            '      title: "@examples/x"',
            'quotes: `"@examples/..."`',
        ),
        _yaml(
            "mapping values are not allowed here",
            "      title: one: two",
            '      title: "one: two"',
            "quotes around the value",
        ),
        Story(
            loop,
            f"{_KEY}python wrong.py",
            _pattern(loop),
            "python right.py",
            "The result: .",
            {
                "wrong.py": _SAYS_IT.replace("WAY", "asyncio.run"),
                "right.py": _SAYS_IT.replace("WAY", "await "),
            },
        ),
        Story(
            "address already in use",
            f"{_TAKEN}{web} 8124; echo code $?",
            "(?s)address already in use.*code 3",
            f"{_said('address already in use', '--web-port 8123') and web} 8123 >web.log 2>&1 &\n"
            f"{_ASKED}kill $(jobs -p)",
            "It is there.",
        ),
        Story(
            "from a *local* model",
            f"{proxy}{ask}{_LOG}",
            "Connection error|50[23]",
            f"export {_said('from a *local* model', 'NO_PROXY=localhost,127.0.0.1')}\n{ask}",
            _ANSWER,
            {"team.yaml": local},
        ),
        Story(
            "CERTIFICATE_VERIFY_FAILED",
            f"{_CERTIFICATE}{ask}{_LOG}",
            "Connection error",
            f"export {_said('CERTIFICATE_VERIFY_FAILED', 'SSL_CERT_FILE')}=$PWD/company.pem\n"
            f"{ask}kill $(jobs -p)",
            "Error code: 501|Unsupported method",
            {"team.yaml": _LOCAL.replace("ADDRESS", "https://127.0.0.1:8443"), "server.py": _TLS},
        ),
    ]
