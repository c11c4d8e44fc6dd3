# A name server: answers what is asked of the records that it is handed, says of any other name that there is none, and
# notes each query on its standard output, which is a file without a name: /proc/PID/fd/1.
#
#   perl name-server.pl ADDRESS RECORD...     a record as in a zone file: 'host.example.com A 192.0.2.7'
#
# Ends at once, printing the number of the process that goes on, when that one can be asked.

use strict;
use warnings;
use POSIX ();
use Socket qw(:DEFAULT inet_pton);

my %number = (A => 1, NS => 2, CNAME => 5, SOA => 6, PTR => 12, MX => 15, TXT => 16, AAAA => 28, SRV => 33, ANY => 255);
my %type = reverse %number;

sub name { return join('', map { pack 'C/a*', $_ } split /\./, shift) . "\0" }

my %data = (
    A => sub { inet_pton(AF_INET, shift) },
    AAAA => sub { inet_pton(AF_INET6, shift) },
    CNAME => \&name,
    PTR => \&name,
    SRV => sub { pack('n3', @_[0 .. 2]) . name($_[3]) },
);

my ($address, @records) = @ARGV;
my (%known, %answers);
for my $record (@records) {
    my ($name, $type, @words) = split ' ', $record;
    my $data = $data{$type // ''} or die "no record of a type that this name server knows: $record\n";
    my $bytes = $data->(@words) // die "no record: $record\n";
    $known{lc $name} = 1;
    # The name is the question's, at byte 12; class IN, a TTL of a minute.
    push @{$answers{lc "$name $type"}}, pack('n3 N n/a*', 0xc00c, $number{$type}, 1, 60, $bytes);
}

socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "no socket: $!\n";
bind($socket, sockaddr_in(53, inet_aton($address))) or die "UDP port 53 of $address: $!\n";
my $child = fork // die "no process: $!\n";
if ($child) {
    print "$child\n";
    exit;
}
POSIX::setsid();
open(my $log, '+>', undef) or die "no log: $!\n";
open(STDIN, '<', '/dev/null');
open(STDOUT, '>&', $log);
open(STDERR, '>&', $log);

while (defined(my $client = recv($socket, my $query, 4096, 0))) {
    my ($id, $flags) = unpack 'n2', $query;
    my ($at, @labels) = (12);
    while (length(my $label = unpack 'C/a', substr $query, $at)) {
        push @labels, $label;
        $at += 1 + length $label;
    }
    my $number = unpack 'n', substr $query, $at + 1, 2;
    my ($name, $type) = (join('.', @labels), $type{$number} // $number);
    syswrite STDOUT, inet_ntoa((sockaddr_in($client))[1]) . " $name $type\n";
    my @found = @{$answers{lc($name) . ' ' . lc($type)} // []};
    # A response, authoritative, recursion available and, as the query says, desired; 3: there is no such name.
    my $said = 0x8480 | $flags & 0x0100 | ($known{lc $name} ? 0 : 3);
    my $question = substr $query, 12, $at + 5 - 12;
    send $socket, join('', pack('n6', $id, $said, 1, scalar @found, 0, 0), $question, @found), 0, $client;
}
