"""The real `mcp` package over both transports and both ways of beginning: every test runs over each."""

import json
import os
import unittest

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

URL = os.environ["CUPOLA_URL"]
PROGRAM = os.environ["CUPOLA_PROGRAM"]
TOKENS = {"researcher": os.environ["RESEARCHER"], "viewer": os.environ["VIEWER"]}
CHANGES = {
    "submit_brief", "create_experiment",
    "keep_report", "update_experiment", "start_run",
    "cancel_run", "cancel_experiment", "retry_run",
}  # fmt: skip
DESTRUCTIVE = {"update_experiment", "cancel_run", "cancel_experiment"}


def over_http(token, mode):
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
    return Client(streamable_http_client(f"{URL}/mcp", http_client=http), mode=mode)


def over_streams(token, mode):
    env = {"CUPOLA_TOKEN": token}
    return Client(StdioServerParameters(command=PROGRAM, args=["mcp", "--hub", URL], env=env), mode=mode)


WAYS = [(over_http, "legacy"), (over_http, "auto"), (over_streams, "legacy"), (over_streams, "auto")]


class Tools(unittest.IsolatedAsyncioTestCase):
    async def each(self, test, role="researcher"):
        for connect, mode in WAYS:
            with self.subTest(way=connect.__name__, mode=mode):
                async with connect(TOKENS[role], mode) as client:
                    await test(client)

    async def found(self, client, tool, arguments):
        """What a tool answers: the same as structure and as text."""
        result = await client.call_tool(tool, arguments)
        self.assertFalse(result.is_error, result.content)
        self.assertEqual(json.loads(result.content[0].text), result.structured_content)
        return result.structured_content

    async def refused(self, client, tool, arguments, part):
        result = await client.call_tool(tool, arguments)
        self.assertTrue(result.is_error, result)
        self.assertIsNone(result.structured_content)
        self.assertIn(part, result.content[0].text)
        self.assertLess(len(result.content[0].text), 2_100)

    async def test_who_it_is_and_which_tools_there_are(self):
        async def test(client):
            self.assertEqual(client.server_info.name, "cupola")
            self.assertIn("never an instruction", client.instructions)
            self.assertIn(URL, client.instructions)
            listed = (await client.list_tools()).tools
            self.assertGreaterEqual(len(listed), 28)
            for tool in listed:
                hints = tool.annotations
                self.assertEqual(hints.read_only_hint, tool.name not in CHANGES, tool.name)
                self.assertEqual(hints.destructive_hint, tool.name in DESTRUCTIVE, tool.name)
                self.assertFalse(hints.open_world_hint)
                self.assertEqual(tool.input_schema["type"], "object")
                self.assertEqual("dry_run" in tool.input_schema["properties"], tool.name in CHANGES)
                self.assertTrue(tool.description)

        await self.each(test)

    async def test_a_viewer_has_the_tools_that_read_and_no_others(self):
        async def test(client):
            names = {tool.name for tool in (await client.list_tools()).tools}
            self.assertIn("overview", names)
            self.assertFalse(names & CHANGES)
            arguments = {"name": "never", "template": "char-lm"}
            await self.refused(client, "create_experiment", arguments, "needs the role `researcher`")
            arguments["dry_run"] = True
            await self.refused(client, "create_experiment", arguments, "needs the role `researcher`")
            listed = await self.found(client, "list_experiments", {"search": "never"})
            self.assertEqual(listed["total"], 0)

        await self.each(test, "viewer")

    async def test_a_change_is_made_once_and_never_by_a_dry_run(self):
        made = []

        async def test(client):
            name = f"made-{len(made)}"
            made.append(name)
            arguments = {"name": name, "template": "char-lm", "configuration": {"lr": 0.002}}
            would = await self.found(client, "create_experiment", arguments | {"dry_run": True})
            self.assertTrue(would["dry_run"])
            self.assertIn("would", would)
            find = {"search": name}
            self.assertEqual((await self.found(client, "list_experiments", find))["total"], 0)
            done = await self.found(client, "create_experiment", arguments)
            self.assertFalse(done["dry_run"])
            self.assertEqual((await self.found(client, "list_experiments", find))["total"], 1)
            shown = await self.found(client, "get_experiment", {"id": done["id"]})
            self.assertEqual(shown["configuration"]["data"]["lr"], 0.002)
            self.assertEqual(shown["name"], {"data": name})

        await self.each(test)

    async def test_what_is_wrong_is_named(self):
        async def test(client):
            await self.refused(client, "overviev", {}, "did you mean `overview`")
            await self.refused(client, "x" * 1_000, {}, "no tool")
            await self.refused(client, "get_run", {}, "`id`: is missing")
            await self.refused(client, "get_run", {"id": "nope"}, "there is no run")
            await self.refused(client, "list_runs", {"limit": "many"}, "`limit`")
            await self.refused(client, "list_runs", {"nope": 1}, "`nope`")
            many = {f"nope{at}": at for at in range(1_000)}
            await self.refused(client, "list_runs", many, "`nope0`")
            arguments = {"name": "n", "template": "char-lm", "dry_run": "perhaps"}
            await self.refused(client, "create_experiment", arguments, "`dry_run`")

        await self.each(test)

    async def test_a_hundred_kilobytes_are_no_trouble(self):
        async def test(client):
            await self.refused(client, "list_experiments", {"search": "x" * 100_000}, "`search`")
            deep = []
            for _ in range(60):
                deep = [deep]
            arguments = {"template": "char-lm", "configuration": {"a": deep, "b": "x" * 100_000}}
            checked = await self.found(client, "check_config", arguments)
            self.assertFalse(checked["valid"])
            self.assertLess(len(json.dumps(checked)), 40_000)

        await self.each(test)

    async def test_athanors_names_and_arguments_work(self):
        async def test(client):
            templates = await self.found(client, "list_available_modules", {})
            names = [template["name"] for template in templates["templates"]]
            self.assertIn("char-lm", names)
            await self.found(client, "get_config_schema", {"experiment_module": "char-lm"})
            arguments = {"experiment_module": "char-lm", "configuration": {}}
            self.assertTrue((await self.found(client, "validate_config", arguments))["valid"])
            arguments = {"name": "of athanor", "experiment_module": "char-lm", "configuration": {}}
            experiment = (await self.found(client, "create_experiment", arguments))["id"]
            await self.found(client, "get_experiment", {"id": experiment})
            await self.found(client, "update_experiment", {"id": experiment, "description": "d"})
            await self.found(client, "start_run", {"experiment_id": experiment})
            runs = (await self.found(client, "list_runs", {"experiment_id": experiment}))["runs"]
            run = runs[0]["id"]
            await self.found(client, "get_run", {"id": run})
            logs = {"run_id": run, "limit": 100, "level": "info"}
            await self.found(client, "get_run_logs", logs)
            await self.found(client, "list_results", {"run_id": run, "limit": 5})
            await self.refused(client, "get_result_details", {"run_id": run, "key": "k"}, "no result")
            await self.found(client, "cancel_run", {"id": run})
            await self.found(client, "list_experiments", {})

        await self.each(test)

    async def test_experiments_runs_and_reports_are_resources(self):
        async def test(client):
            arguments = {"name": "a resource", "template": "char-lm"}
            await self.found(client, "create_experiment", arguments)
            listed = (await client.list_resources()).resources
            resource = next(one for one in listed if one.name == "a resource")
            read = (await client.read_resource(resource.uri)).contents[0]
            self.assertEqual(json.loads(read.text)["name"], {"data": "a resource"})
            templates = (await client.list_resource_templates()).resource_templates
            self.assertEqual(len(templates), 3)
            report = resource.uri.replace("experiments", "reports")
            read = (await client.read_resource(report)).contents[0]
            self.assertEqual(read.mime_type, "text/markdown")
            self.assertIn("never an instruction", read.text.splitlines()[0])
            self.assertIn("\n# ", read.text)
            with self.assertRaises(Exception) as refused:
                await client.read_resource("cupola://workers/x")
            self.assertIn("no such resource", str(refused.exception))

        await self.each(test)


if __name__ == "__main__":
    unittest.main()
