import { expect } from 'chai'
import { errorOf, phaseOf, readSaid, textOf } from '../../../../vm/providers/vagrant/said.ts'

/** What vagrant 2.3.4 with vagrant-libvirt 0.11 printed. */
const recorded = [
  "1795259174,,ui,info,Bringing machine 'vethlab-try' up with 'libvirt' provider...",
  '1795259178,vethlab-try,ui,info,==> vethlab-try:  -- Image(vda):        /images/vethlab-try.img%!(VAGRANT_COMMA) virtio%!(VAGRANT_COMMA) 4G',
  '1795259181,vethlab-try,ui,info,==> vethlab-try: Waiting for domain to get an IP address...',
  '1795259241,vethlab-try,ui,detail,    vethlab-try: \\n    vethlab-try: Vagrant insecure key detected. Vagrant will automatically replace\\n    vethlab-try: this with a newly generated keypair for better security.',
  '1795259289,vethlab-try,ui,info,==> vethlab-try: Running provisioner: packages (shell)...',
  '1795259174,vethlab-try,action,up,start',
]
const texts = recorded.map(line => textOf(readSaid(line) ?? { type: '', data: [] }))

describe('what vagrant says', () => {
  it('is read without its escapes, and without the machine’s name', () => {
    expect(texts).to.deep.equal([
      "Bringing machine 'vethlab-try' up with 'libvirt' provider...",
      ' -- Image(vda):        /images/vethlab-try.img, virtio, 4G',
      'Waiting for domain to get an IP address...',
      '\nVagrant insecure key detected. Vagrant will automatically replace\nthis with a newly generated keypair for better security.',
      'Running provisioner: packages (shell)...',
      undefined,
    ])
  })

  it('is told from what others print there', () => {
    expect(
      readSaid("/usr/lib/ruby/vendor_ruby/fog.rb:7:in `create': Call to virDomainCreate failed, (Libvirt::Error)"),
    ).to.equal(undefined)
    expect(readSaid('')).to.equal(undefined)
  })

  it('has phases that take time, and much that is of no interest', () => {
    expect(texts.map(text => phaseOf(text ?? ''))).to.deep.equal([
      undefined,
      undefined,
      'booting',
      undefined,
      'installing the packages',
      undefined,
    ])
  })

  it('ends with an error that has a class', () => {
    const said = readSaid(
      "1795259175,,error-exit,Vagrant::Errors::BoxAddShortNotFound,The box 'no/such' could not be found%!(VAGRANT_COMMA) or\\ncould not be accessed.",
    )
    expect(errorOf(said ? [said] : [])).to.deep.equal({
      kind: 'Vagrant::Errors::BoxAddShortNotFound',
      text: "The box 'no/such' could not be found, or\ncould not be accessed.",
    })
    expect(errorOf([])).to.equal(undefined)
  })
})
