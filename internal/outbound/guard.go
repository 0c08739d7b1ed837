package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// RefusedError is an address that a client will not connect to.
type RefusedError struct {
	Addr     netip.Addr
	Metadata bool // the address of a cloud's metadata service, refused whatever the settings
}

// Error says which address and why, and what may be done about it.
func (e *RefusedError) Error() string {
	if e.Metadata {
		return fmt.Sprintf("%s is the address of a cloud's metadata service, which is never connected to", e.Addr)
	}
	return fmt.Sprintf("%s is a loopback, link-local, private or reserved address; SLUICE_ALLOW_PRIVATE_ADDRESSES permits those", e.Addr)
}

// guard decides which addresses are connected to.
type guard struct{ allowPrivate bool }

// control runs for every address a name resolved to, just before the connection: whatever the name server says next
// time, this is the address that is used.
func (g guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %q: %w", address, err)
	}
	return g.check(ap.Addr())
}

func (g guard) check(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	for _, a := range append(embedded(addr), addr) {
		if isMetadata(a) {
			return &RefusedError{Addr: addr, Metadata: true}
		}
		if !g.allowPrivate && isPrivate(a) {
			return &RefusedError{Addr: addr}
		}
	}
	return nil
}

// isMetadata knows the addresses at which clouds hand out a machine's credentials.
func isMetadata(a netip.Addr) bool {
	return slices.Contains([]string{
		"169.254.169.254",   // AWS, Azure, Google, and most others
		"169.254.169.253",   // AWS: name server
		"169.254.170.2",     // AWS: credentials of containers
		"169.254.170.23",    // AWS: credentials of pods
		"169.254.0.23",      // Tencent
		"100.100.100.200",   // Alibaba
		"168.63.129.16",     // Azure: wire server
		"192.0.0.192",       // Oracle, old
		"fd00:ec2::254",     // AWS
		"fd00:ec2::253",     // AWS: name server
		"fd00:ec2::23",      // AWS: credentials of pods
		"fd20:ce::254",      // Google
		"fd00:42::42",       // Scaleway
		"fe80::a9fe:a9fe",   // OpenStack
		"fd00:a9fe:a9fe::1", // Akamai
	}, a.String())
}

// isPrivate tells addresses that are not somebody's on the public Internet.
func isPrivate(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return true
	}
	return slices.ContainsFunc(reserved(), func(p netip.Prefix) bool { return p.Contains(a) })
}

// reserved are the ranges that netip counts as global although no public host has an address there.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{0}), 8),                     // this network
		netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10),              // carriers' translation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192}), 24),                  // protocol assignments
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2}), 24),            // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18}), 15),              // benchmarks
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100}), 24),         // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113}), 24),          // documentation
		netip.PrefixFrom(netip.AddrFrom4([4]byte{240}), 4),                   // reserved, and broadcast
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfe, 0xc0}), 10),         // site-local, old
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8}), 32), // documentation
	}
}

// embedded returns the IPv4 addresses inside an IPv6 address of a translation scheme, through which a translator would
// reach them.
func embedded(a netip.Addr) []netip.Addr {
	if !a.Is6() {
		return nil
	}
	b := a.As16()
	last := netip.AddrFrom4([4]byte(b[12:16]))
	switch {
	case b == [16]byte{15: 1} || b == [16]byte{}: // loopback and unspecified are no IPv4 addresses
		return nil
	case [12]byte(b[:12]) == [12]byte{}: // ::a.b.c.d, "compatible", old
		return []netip.Addr{last}
	case [4]byte(b[:4]) == [4]byte{0, 0x64, 0xff, 0x9b}: // 64:ff9b::/96 and 64:ff9b:1::/48
		return []netip.Addr{last}
	case b[0] == 0x20 && b[1] == 0x02: // 2002::/16, 6to4
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case [4]byte(b[:4]) == [4]byte{0x20, 0x01}: // 2001::/32, Teredo: the client's address is stored inverted
		return []netip.Addr{netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	case [8]byte(b[:8]) != [8]byte{} && (b[8]&^2) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP
		return []netip.Addr{last}
	default:
		return nil
	}
}
