import type { Provider } from '../machine.ts'
import { checkVagrant } from './vagrant/check.ts'
import { startVagrant } from './vagrant/start.ts'

/** The machine of the Vagrantfile, in VirtualBox or libvirt: a Debian box with systemd, which is destroyed in the end. */
export const vagrant: Provider = { name: 'vagrant', check: checkVagrant, start: startVagrant }
