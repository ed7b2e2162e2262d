"""``wenshu``: serve, look after, and use a server from the shell."""

import typer

from wenshu.cli import ask, config, doctor, importing, keys, serve, tenants, users

app = typer.Typer(
    name="wenshu",
    help="文枢：一台服务器，做完企业的文字工作。One server for the text work of a business.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("search")(ask.search)
app.command("doctor")(doctor.doctor)
app.add_typer(importing.app, name="import")
app.add_typer(tenants.app, name="tenant")
app.add_typer(users.app, name="user")
app.add_typer(keys.app, name="key")
app.add_typer(config.app, name="config")
