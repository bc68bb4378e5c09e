# The text of a test's script on NixOS: what it is told of its world, and the words that all scripts
# share, before its own. The Debian driver says the same in Python.
#   dashboards   folder of the dashboards' JSON
#   datasources  file with Grafana's data sources
#   scenarios    folder of the scenarios' JSON
{
  dashboards,
  datasources,
  scenarios,
}:
name:
''
  import json
  import pathlib

  missing_programs: set[str] = set()
  has_budget = False
  dashboards = {
      file.stem: json.loads(file.read_text())
      for file in sorted(pathlib.Path("${dashboards}").glob("*.json"))
  }
  scenarios = {
      file.stem: json.loads(file.read_text())
      for file in sorted(pathlib.Path("${scenarios}").glob("*.json"))
  }
  datasources = json.loads(pathlib.Path("${datasources}").read_text())


  def skip(what: str, program: str) -> None:
      raise Exception(f"{what} is skipped for want of {program}, but NixOS has every program")


  def skip_all(program: str) -> None:
      skip("the whole test", program)


''
+ builtins.concatStringsSep "\n\n" (
  map builtins.readFile [
    ./scripts/world.py
    ./scripts/queries.py
    ./scripts/panels.py
    ./scripts/alerting.py
    (./scripts + "/${name}.py")
  ]
)
