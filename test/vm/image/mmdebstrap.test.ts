import { expect } from 'chai'
import { execa } from 'execa'
import { hooks, mmdebstrapArgs } from '../../../vm/image/mmdebstrap.ts'
import { recipeOf } from '../../../vm/image/recipe.ts'
import { suites } from '../../../vm/suite.ts'

const request = { mode: 'root', kernel: '/cache/it is here/vmlinuz', mirror: undefined } as const

describe('vm/image/mmdebstrap', () => {
  it("ends with the suite and stdout, so that the mirror is mmdebstrap's own default", () => {
    expect(mmdebstrapArgs(recipeOf('trixie'), request).slice(-2)).to.deep.equal(['trixie', '-'])
  })

  it("ends with the user's mirror when there is one", () => {
    const args = mmdebstrapArgs(recipeOf('trixie'), { ...request, mirror: 'http://192.0.2.1/debian' })
    expect(args.slice(-3)).to.deep.equal(['trixie', '-', 'http://192.0.2.1/debian'])
  })

  it('accepts a Release file past its time for forky alone', () => {
    for (const suite of suites) {
      const args = mmdebstrapArgs(recipeOf(suite), request)
      expect(args.includes('--aptopt=Acquire::Check-Valid-Until "false"'), suite).to.equal(suite === 'forky')
    }
  })

  it('asks for the client of the engine where the suite has split it off', () => {
    const include = suites.map(suite =>
      mmdebstrapArgs(recipeOf(suite), request).find(arg => arg.startsWith('--include')),
    )
    expect(include.map(text => /docker\.io,docker-cli,/.test(text ?? ''))).to.deep.equal([false, true, true])
  })

  it('quotes the path that the kernel is taken out to', () => {
    expect(mmdebstrapArgs(recipeOf('trixie'), request)).to.include(
      "--customize-hook=download /vmlinuz '/cache/it is here/vmlinuz'",
    )
  })

  it('hands over scripts that a shell can read', async () => {
    for (const suite of suites) {
      for (const script of hooks(recipeOf(suite))) await execa('sh', ['-n'], { input: script })
    }
  })

  it('unpacks for a container alone what the machine does without, before anything is copied', () => {
    const recipe = recipeOf('trixie')
    const [, ...scripts] = hooks(recipe)
    for (const [index, { name, packages, programs }] of recipe.containers.entries()) {
      const calls = scripts[index]?.split('\n').filter(line => /^(begin|unpack|program)\b(?!\()/.test(line))
      const unpack = packages.length > 0 ? [`unpack ${packages.join(' ')}`] : []
      expect(calls, name).to.deep.equal(['begin', ...unpack, ...programs.map(path => `program ${path}`)])
      for (const one of packages) expect(recipe.packages, `${name} and the machine`).not.to.include(one)
    }
    expect(recipe.containers.flatMap(({ packages }) => packages)).to.include('opensmtpd')
  })

  it('keeps what a file of a container holds, whatever the shell thinks of it', async () => {
    const odd = `it's $HOME \`id\` "quoted" \\n\n\ttwo lines\n`
    const [image] = recipeOf('trixie').containers
    if (!image) throw new Error('no container image')
    const recipe = { ...recipeOf('trixie'), containers: [{ ...image, files: { '/odd': odd } }] }
    const call = hooks(recipe)[1]
      ?.split('\n}\n\nsum()')[1]
      ?.match(/^file \/odd [\s\S]*?'\n(?=\w)/m)?.[0]
    const { stdout } = await execa('sh', ['-c', `file() { printf %s "$2"; }\n${call}`], { stripFinalNewline: false })
    expect(stdout).to.equal(odd)
  })
})
