// Runs `python -m MODULE ARGUMENTS…` with the CPython that npm's `pyodide` carries: node pyodide.mjs REPOSITORY PACKAGES MODULE ARGUMENTS…
// PACKAGES: a folder that `pip install --target` filled with pure Python packages. There are no processes and no threads there.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const [repository, packages, ...args] = process.argv.slice(2);
const found = createRequire(process.cwd() + "/").resolve("pyodide");
const { loadPyodide } = await import(pathToFileURL(found.replace(/\.js$/, ".mjs")));
const python = await loadPyodide();
for (const [at, root] of [["/repository", repository], ["/packages", packages]]) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, at);
}
python.globals.set("ARGS", python.toPy(args));
// Not runPythonAsync: a task of pyodide's own would be running, and asyncio runs none inside another.
process.exitCode = python.runPython(`
import asyncio, os, runpy, sys, time, types

class Loop(asyncio.BaseEventLoop):  # one that ends when its work is done, as everywhere else; pyodide's belongs to the page
    _selector = types.SimpleNamespace(select=lambda timeout: time.sleep(timeout or 0) or [])
    def _process_events(self, events): pass

def run(main, **options):
    asyncio._set_running_loop(None)  # pyodide's own, which says that it runs for ever
    with asyncio.Runner(loop_factory=Loop, **options) as runner:
        return runner.run(main)

asyncio.run = run
sys.path[:0] = ["/repository", "/packages"]
sys.dont_write_bytecode = True
os.chdir("/repository")
sys.argv = list(ARGS)
try:
    runpy.run_module(ARGS[0], run_name="__main__", alter_sys=True)
    code = 0
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
sys.stdout.flush()
code or 0
`);
