import { keyOf, labOf, type RunEvent } from '../events.ts'
import { live } from './live.ts'
import type { Output } from './output.ts'
import { overview } from './progress.ts'

/** Tells what an event adds to a story: lines that end in a newline, or ''. */
type Tell = (event: RunEvent) => string

/** What is told of labs that go on side by side. */
export interface Telling {
  /** A lab's whole story. */
  whole(): Tell
  /** What is worth telling of a lab in which nothing went wrong. */
  brief(): Tell
}

/** What of a run with several labs at a time stands on a terminal. */
export interface SideBySide {
  on(event: RunEvent): void
  /** Lets somebody else write to the terminal. */
  aside(write: () => void): void
  end(): void
}

const everyMs = 1000

/**
 * A line for each lab that goes on, rewritten in place; above them, as soon as it is over, what is worth telling of each: the
 * whole story of one that failed, a few words on one that passed.
 */
export function sideBySide(output: Output, { whole, brief }: Telling): SideBySide {
  const lines = live(output)
  const labs = overview()
  const stories = new Map<string, { whole: string[]; brief: string[]; tellWhole: Tell; tellBrief: Tell }>()
  const ofRun = whole()
  const show = () => lines.show(labs.lines(performance.now()))
  const timer = setInterval(show, everyMs)
  // The run's end is not put off for the sake of a clock.
  timer.unref()

  function tell(text: string): void {
    if (text !== '') lines.above(() => output.write(text))
  }
  function storyOf(name: string) {
    const known = stories.get(name)
    if (known) return known
    const fresh = { whole: [], brief: [], tellWhole: whole(), tellBrief: brief() }
    stories.set(name, fresh)
    return fresh
  }

  return {
    on(event) {
      labs.on(event, performance.now())
      const of = labOf(event)
      if (event.type === 'run-ended') lines.show([])
      if (!of) return tell(ofRun(event))
      const name = keyOf(of)
      const story = storyOf(name)
      story.whole.push(story.tellWhole(event))
      story.brief.push(story.tellBrief(event))
      if (event.type === 'lab-ended') {
        stories.delete(name)
        // Who stopped the run has seen enough.
        const failed = event.status === 'failed' && event.failure?.kind !== 'interrupted'
        tell((failed ? story.whole : story.brief).join(''))
        ofRun(event)
      }
      show()
    },
    aside: write => lines.above(write),
    end() {
      clearInterval(timer)
      lines.show([])
    },
  }
}
