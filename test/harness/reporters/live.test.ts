import { expect } from 'chai'
import { live } from '../../../harness/reporters/live.ts'
import { terminal } from './terminal.ts'

describe('live lines', () => {
  it('stand in place of those before, be they more or fewer', async () => {
    const screen = terminal()
    const lines = live(screen)
    screen.write('before\n')
    for (const shown of [['one', 'two'], ['one', 'two', 'three'], ['three'], ['four', 'five']]) {
      lines.show(shown)
      expect(await screen.screen()).to.deep.equal(['before', ...shown])
    }
    lines.show([])
    expect(await screen.screen()).to.deep.equal(['before'])
  })

  it('go down when something is written above them', async () => {
    const screen = terminal()
    const lines = live(screen)
    lines.show(['one', 'two'])
    lines.above(() => screen.write('a story\nof two lines\n'))
    lines.show(['one', 'two', 'three'])
    expect(await screen.screen()).to.deep.equal(['a story', 'of two lines', 'one', 'two', 'three'])
  })

  it('make room also for what came without a word, as the ^C of a keyboard does', async () => {
    const screen = terminal()
    const lines = live(screen)
    lines.show(['one', 'two'])
    screen.write('^C')
    lines.above(() => screen.write('\nSIGINT: the machines go now\n'))
    expect(await screen.screen()).to.deep.equal(['', 'SIGINT: the machines go now', 'one', 'two'])
  })

  it('take a row each, however long they are and wide their characters', async () => {
    const screen = terminal({ columns: 20 })
    const lines = live(screen)
    for (let i = 0; i < 3; i++) lines.show([`${i} ${'x'.repeat(50)}`, `${i} ${'桥'.repeat(50)}`, `${i} end`])
    const shown = await screen.screen()
    expect(shown).to.have.length(3)
    expect(shown[0]).to.equal(`2 ${'x'.repeat(17)}`)
    expect(shown[1]).to.match(/^2 桥{8}/)
    expect(shown[2]).to.equal('2 end')
  })

  it('are no more than the terminal has rows', async () => {
    const screen = terminal({ rows: 4 })
    const lines = live(screen)
    const many = Array.from({ length: 10 }, (_, i) => `lab ${i}`)
    lines.show(many)
    lines.show([...many, 'one more'])
    expect(await screen.screen()).to.deep.equal(['lab 0', 'lab 1', '  … 9 more'])
  })

  it('leave nothing of themselves when the terminal becomes narrower, and wider again', async () => {
    const screen = terminal({ columns: 60, rows: 12 })
    const lines = live(screen)
    screen.write('before\n')
    lines.show(['a'.repeat(50), 'b'.repeat(30), 'c'])
    await screen.resize(25, 12)
    lines.show(['a'.repeat(50), 'b'.repeat(30), 'd'])
    expect(await screen.screen()).to.deep.equal(['before', 'a'.repeat(24), 'b'.repeat(24), 'd'])
    await screen.resize(60, 12)
    lines.show(['a'.repeat(50), 'b'.repeat(30), 'e'])
    expect(await screen.screen()).to.deep.equal(['before', 'a'.repeat(50), 'b'.repeat(30), 'e'])
  })

  it('are not written again when nothing has changed', () => {
    const written: string[] = []
    const screen = { ...terminal(), columns: 60, rows: 12, write: (text: string) => void written.push(text) }
    const lines = live(screen)
    for (let i = 0; i < 5; i++) lines.show(['one', 'two'])
    expect(written).to.have.length(1)
  })
})
