import { expect } from 'chai'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { escapeXml, junitXml } from '../../../harness/reporters/junit.ts'
import { beginning, failedRun, lostRun, refusedRun } from './sample-run.ts'

/** The tags of an XML document in order, `/name` for an end; throws where it isn't well-formed. */
function tags(xml: string): string[] {
  expect(xml, 'characters that XML has').not.to.match(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/)
  const open: string[] = []
  const seen: string[] = []
  const token =
    /<\?xml [^?]*\?>\n|<(\/?)([a-z-]+)((?: [a-z]+="(?:[^<&"]|&[a-z]+;|&#\d+;)*")*)(\/?)>|((?:[^<&]|&[a-z]+;|&#\d+;)+)/gy
  for (let at = 0; at < xml.length; at = token.lastIndex) {
    const found = token.exec(xml)
    if (!found) throw new Error(`not well-formed at: ${xml.slice(at, at + 60)}`)
    const [, end, name = '', , empty] = found
    if (name === '') continue
    if (end) expect(open.pop(), `what </${name}> closes`).to.equal(name)
    else if (!empty) open.push(name)
    seen.push(`${end}${name}`)
  }
  expect(open, 'what is left open').to.deep.equal([])
  return seen
}

const xmlOf = (events: Parameters<typeof jsonReport>[0]) => junitXml(jsonReport(events))

describe('junit reporter', () => {
  it('writes well-formed XML, whatever a guest printed and however the run ended', () => {
    for (const events of [failedRun, lostRun, refusedRun, beginning]) {
      expect(tags(xmlOf(events))[0]).to.equal('testsuites')
    }
  })

  it('has a suite for each lab and a case for each step', () => {
    const xml = xmlOf(failedRun)
    expect(tags(xml).filter(tag => tag === 'testcase')).to.have.length(4)
    expect(xml).to.include('<testsuite name="bridge-nat" tests="4" failures="1" errors="0" skipped="1" time="7.100"')
    expect(xml).to.include('<testcase classname="bridge-nat" name="1. br01 is a bridge that is up" time="0.230">')
    expect(xml).to.include('<failure type="claim" message="from netns ns01, 114.114.114.114 should answer">')
  })

  it('tells a machine that died from a claim that failed', () => {
    expect(xmlOf(lostRun)).to.include('<error type="machine"').and.not.to.include('<failure')
  })

  it('is red when nothing could be run', () => {
    expect(xmlOf(refusedRun)).to.include('<error type="host" message="qemu-system-x86_64 is not installed">')
  })

  it('escapes what is markup, and replaces what no document may hold', () => {
    expect(escapeXml('a < b && "c" > d')).to.equal('a &lt; b &amp;&amp; &quot;c&quot; &gt; d')
    expect(escapeXml('bell \x07, escape \x1b[1m, null \0, half \ud800, tab \t')).to.equal(
      'bell \ufffd, escape \ufffd[1m, null \ufffd, half \ufffd, tab \t',
    )
    expect(escapeXml('&#13; \r')).to.equal('&amp;#13; &#13;')
  })
})
