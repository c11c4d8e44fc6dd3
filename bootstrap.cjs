'use strict'

/*
 * The first thing that every npm script runs: `node bootstrap.cjs lab|test|check|bench|test:faults|test:vagrant|ci:rehearse [arguments]`.
 * It installs the npm packages when they are missing or older than the lockfile, a Node 24 among them, and hands over
 * to it. When nothing is missing that costs two stats.
 *
 * Plain JavaScript of Node 12 without dependencies: it runs before anything of ours can.
 */

const { spawn } = require('child_process')
const fs = require('fs')
const nodeModule = require('module')
const os = require('os')
const path = require('path')
const { pathToFileURL } = require('url')

/** The programs of this project; each is TypeScript, which Node 24 runs as it is. */
const programs = {
  lab: 'harness/cli/main.ts',
  test: 'test/runner/main.ts',
  check: 'test/runner/check.ts',
  bench: 'bench/all.ts',
  'test:faults': 'test/faults/main.ts',
  'test:vagrant': 'test/vagrant/main.ts',
  'ci:rehearse': 'test/ci/rehearse.ts',
}

/** The oldest Node that runs them. */
const nodeMajor = 24

/** An installation that takes longer than this has been left behind by somebody, even if its process id is in use again. */
const installLimit = 30 * 60 * 1000

const top = __dirname
const modules = path.join(top, 'node_modules')
// Written last, so that an installation that was cut off is done again; named by platform, so that a tree that is
// shared between machines is.
const marker = path.join(modules, `.installed-${process.platform}-${process.arch}`)
const lock = path.join(modules, '.installing')
const unfinished = path.join(modules, '.unfinished')
const lockfile = path.join(top, 'package-lock.json')
// The Node that npm installs. Not by way of .bin, which npm 9 leaves without it: what it removes as of the wrong
// platform takes the link of that name along.
const ownNode = path.join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')

main(process.argv[2], process.argv.slice(3))

function main(name, args) {
  if (!Object.keys(programs).includes(name)) {
    process.stderr.write(`usage: node bootstrap.cjs ${Object.keys(programs).join('|')} [arguments]\n`)
    process.exit(2)
  }
  const program = path.join(top, programs[name])
  if (installed()) return start(program, args)
  install().then(
    () => start(program, args),
    error => {
      process.stderr.write(`HostError: ${error.message}\n${error.mend ? `  mend  ${error.mend}\n` : ''}`)
      process.exit(error.exitCode || 2)
    },
  )
}

/** Whether the npm packages are there and as young as the lockfile. */
function installed() {
  return newer(marker, lockfile)
}

/** Whether `file` exists and is not older than `than`. */
function newer(file, than) {
  try {
    return fs.statSync(file).mtimeMs >= fs.statSync(than).mtimeMs
  } catch (_) {
    return false
  }
}

async function install() {
  try {
    fs.mkdirSync(modules, { recursive: true })
    await withLock(lock, npmInstall)
  } catch (error) {
    if (!error.path) throw error
    throw failure(
      `the npm packages can't be installed: ${error.message}`,
      `make ${top} a folder that you can write, with room on its disk; or remove ${modules}, if it is root's`,
    )
  }
}

async function npmInstall() {
  if (installed()) return
  // npm can't go on where another one was killed.
  if (fs.existsSync(unfinished)) clear()
  fs.writeFileSync(unfinished, '')
  process.stderr.write('vethlab: installing the npm packages (once)\n')
  // --no-save: the lockfile stays as committed, whatever registry and platform this is.
  // --ignore-scripts: what they would build is optional, and needs a compiler.
  const args = ['install', '--no-save', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund']
  // Under `npm run`, npm says where it is; its own node goes with it.
  const npm = process.env.npm_execpath
  const viaNode = npm !== undefined && /\.c?js$/.test(npm)
  // npm's report belongs to stderr: stdout is the program's, and may be a JSON document.
  const options = { cwd: top, stdio: ['ignore', 2, 2], env: withoutFlags(process.env) }
  const end = await (viaNode ? run(process.execPath, [npm].concat(args), options) : run('npm', args, options))
  if (end.error)
    throw failure(`npm could not be started: ${end.error.message}`, 'install npm, e.g. sudo apt-get install npm')
  if (end.signal) throw failure('interrupted', '', exitCode(end))
  if (end.code !== 0) {
    throw failure(
      `npm install failed with exit code ${end.code}`,
      'read what npm said above (network, proxy, registry, disk), then run it again',
    )
  }
  linkNode()
  if (process.getuid && process.getuid() === 0) give(modules, fs.statSync(top))
  // As young as the lockfile, even if the clock is late.
  fs.utimesSync(unfinished, new Date(), new Date(Math.max(Date.now(), fs.statSync(lockfile).mtimeMs + 1)))
  fs.renameSync(unfinished, marker)
}

/** Removes everything from node_modules but what is there for us. */
function clear() {
  const removeTree = fs.rmSync || fs.rmdirSync
  for (const name of fs.readdirSync(modules)) {
    const file = path.join(modules, name)
    if (file !== lock && file !== unfinished) removeTree(file, { recursive: true })
  }
}

/** Programs of node_modules/.bin that are started by hand find our Node there. */
function linkNode() {
  const bin = path.join(modules, '.bin')
  if (!fs.existsSync(ownNode)) return
  fs.mkdirSync(bin, { recursive: true })
  remove(path.join(bin, 'node'))
  fs.symlinkSync(path.relative(bin, ownNode), path.join(bin, 'node'))
}

/** Gives a tree to a user: what root installs in somebody's clone is theirs, to renew and to remove. */
function give(file, { uid, gid }) {
  try {
    const stat = fs.lstatSync(file)
    if (stat.uid !== uid) fs.lchownSync(file, uid, gid)
    if (stat.isDirectory()) for (const name of fs.readdirSync(file)) give(path.join(file, name), { uid, gid })
  } catch (error) {
    // One who waited for us may have gone, and its file with it.
    if (error.code !== 'ENOENT') throw error
  }
}

/** The environment without the flags that npm took from our command line: it would read them as its own settings. */
function withoutFlags(env) {
  const kept = {}
  for (const key of Object.keys(env)) {
    if (!/^npm_config_(on|only|suite|until|step|keep|reporter|all|json|dry_run|global)$/.test(key)) kept[key] = env[key]
  }
  return kept
}

function failure(message, mend, code) {
  return Object.assign(new Error(message), { mend, exitCode: code })
}

/** Runs `work` while holding the lock, which names its owner; waits for a living owner, takes over from a dead one. */
async function withLock(file, work) {
  let told = false
  while (!claim(file, identity(process.pid))) {
    if (abandoned(file)) {
      takeAway(file, `${file}.${process.pid}`)
      continue
    }
    if (!told) process.stderr.write('vethlab: another process is installing the npm packages; waiting for it\n')
    told = true
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  try {
    return await work()
  } finally {
    remove(file)
  }
}

/** A symbolic link appears with its content, and fails where one is: nobody ever sees a lock without its owner. */
function claim(file, owner) {
  try {
    fs.symlinkSync(owner, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Removes an abandoned lock. What was renamed may be the lock of one who was quicker than us: then it goes back. */
function takeAway(file, aside) {
  try {
    fs.renameSync(file, aside)
    if (!abandoned(aside)) claim(file, fs.readlinkSync(aside))
  } catch (_) {
    // Somebody else took it away.
  }
  remove(aside)
}

function abandoned(file) {
  try {
    if (Date.now() - fs.lstatSync(file).mtimeMs > installLimit) return true
    const owner = fs.readlinkSync(file)
    process.kill(Number.parseInt(owner, 10), 0)
    return owner !== identity(Number.parseInt(owner, 10))
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** A process' number and, on Linux, its start: in a container, numbers are used again at once. */
function identity(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command's name in parentheses, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // One that has ended may stay listed for good where nobody asks how: containers often have no init.
    return fields[0] === 'Z' ? 'ended' : `${pid} ${fields[19]}`
  } catch (_) {
    return String(pid)
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file)
  } catch (_) {
    // It is gone already.
  }
}

/** Hands over to the program: in this process where its Node is new enough, else to the Node that npm installed. */
function start(program, args) {
  const compiled = compileCache()
  // A user's PATH leaves out the folders of the administrator's programs, some of which we run.
  process.env.PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].join(path.delimiter)
  if (Number(process.versions.node.split('.')[0]) >= nodeMajor) {
    process.argv = [process.execPath, program].concat(args)
    if (compiled) nodeModule.enableCompileCache(compiled)
    // What can fail here is the program's, and Node's own report of it the best one.
    import(pathToFileURL(program).href)
    return
  }
  const env = Object.assign({}, process.env, { PATH: [path.dirname(ownNode), process.env.PATH].join(path.delimiter) })
  if (compiled && !env.NODE_COMPILE_CACHE) env.NODE_COMPILE_CACHE = compiled
  run(ownNode, [program].concat(args), { stdio: 'inherit', env }).then(end => {
    if (end.error) {
      process.stderr.write(
        'HostError: no Node ' +
          nodeMajor +
          ' runs here: ' +
          end.error.message +
          ' (npm has it for Linux on x64 and arm64)\n' +
          '  mend  install Node ' +
          nodeMajor +
          ' or later; if node_modules is damaged, remove it and run this again\n',
      )
    }
    process.exit(end.error ? 2 : exitCode(end))
  })
}

/**
 * Where Node keeps what it made of the sources, which halves the time that a program takes to start: in the user's cache,
 * as root in a user's clone would leave files there that the user can't remove. undefined for none: coverage is more
 * exact without.
 */
function compileCache() {
  if (process.env.NODE_V8_COVERAGE !== undefined) return undefined
  const base = process.env.XDG_CACHE_HOME
  try {
    return path.join(base && path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'), 'vethlab', 'compiled')
  } catch (_) {
    return undefined // A user without a home.
  }
}

function exitCode(end) {
  return end.signal ? 128 + os.constants.signals[end.signal] : end.code
}

/**
 * Runs a child to its end and passes signals on. A terminal's Ctrl-C reaches the child twice so, directly and from here:
 * it counts signals in quick succession as one.
 */
function run(command, args, options) {
  return new Promise(resolve => {
    const child = spawn(command, args, options)
    const pass = signal => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    const done = end => {
      for (const signal of signals) process.removeListener(signal, pass)
      resolve(end)
    }
    for (const signal of signals) process.on(signal, pass)
    child.on('error', error => done({ error }))
    child.on('exit', (code, signal) => done({ code, signal }))
  })
}
