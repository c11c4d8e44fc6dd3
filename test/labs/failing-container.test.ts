import { testLab } from '../breaks/test-lab.ts'

testLab('failing-container', [
  {
    title: 'the container does not fail',
    from: 'docker run --name failed training/webapp python missing.py',
    to: 'docker run --name failed training/webapp true',
    step: 'docker exec gets nobody into an image: it has no --rm, and wants a container that runs',
    says: /to equal 2/,
  },
  {
    title: 'what fails takes the place of bash',
    from: "'python missing.py; echo failed with $?'",
    to: "'exec python missing.py; echo failed with $?'",
    step: 'in a temporary container bash is process 1: what fails in it does not end it, leaving bash does',
    says: /failed with 2/,
  },
  {
    title: 'the link leads to another netns',
    from: 'ln -s /proc/${web.pid}/ns/net',
    to: 'ln -s /proc/self/ns/net',
    step: 'a link under /var/run/netns gives it a name for ip netns, as long as the process lives (the document does not say so)',
    says: /eth0|inet/,
  },
])
