import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/*
 * `npm run ci:rehearse`: what .github/workflows/ci.yml runs for the labs, with the environment of a runner of GitHub's: the plan, each
 * shard, the merge, the summary, which it prints in the end. `-- --suite trixie --backend nft` narrows the kinds of machine; ON, LABS and
 * SHARDS are as in .github/scripts. Exit code as the report's.
 */

const top = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'vethlab-rehearsal-'))
const outputs = join(folder, 'outputs')
const summary = join(folder, 'summary.md')
const runner = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_OUTPUT: outputs,
  GITHUB_STEP_SUMMARY: summary,
  GITHUB_WORKSPACE: top,
  RUNNER_OS: 'Linux',
  RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
  RUNNER_TEMP: folder,
  OUT: join(folder, 'out'),
  KINDS: process.argv.slice(2).join(' '),
  ON: process.env.ON ?? (process.getuid?.() === 0 ? 'sandbox' : 'qemu'),
}

/** Runs one of the workflow's lines; resolves to its exit code. */
async function step(script: string, env: Record<string, string> = {}): Promise<number> {
  process.stdout.write(`::group::${script} ${Object.values(env).join(' ')}\n`)
  const { exitCode = 1 } = await execa(join(top, '.github', 'scripts', script), {
    ...{ cwd: top, env: { ...runner, ...env }, reject: false },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.stdout.write(`::endgroup::\n${script} ended with ${exitCode}\n`)
  return exitCode
}

try {
  let failed =
    (await step('kvm.sh')) || (await step('plan.sh')) || (await step('cache-keys.sh')) || (await step('fill.sh'))
  if (failed === 0) {
    const [, matrix = ''] = /^matrix=(.*)$/m.exec(await readFile(outputs, 'utf8')) ?? []
    const { include } = JSON.parse(matrix) as { include: { shard: string }[] }
    for (const { shard } of include) await step('labs.sh', { SHARD: shard })
    failed = await step('report.sh')
    process.stdout.write(await readFile(summary, 'utf8').catch(() => 'there is no summary\n'))
  }
  process.exitCode = failed
} finally {
  await rm(folder, { recursive: true })
}
