//! Which addresses of the network are public. What connects on behalf of others (the reader of web pages, the sign-in
//! that reads a client's document) asks here. Nothing is looked up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is set apart of IPv4: private, shared, loopback, link-local, test, benchmark, multicast, reserved.
const APART_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// What is set apart of the public part of IPv6, 2000::/3: protocols (Teredo among them), documentation, 6to4.
const APART_V6: [([u16; 3], u32); 4] =
    [([0x2001, 0, 0], 23), ([0x2001, 0x0db8, 0], 32), ([0x2002, 0, 0], 16), ([0x3fff, 0, 0], 20)];

/// Whether an address is one of the public Internet. One of IPv6 that stands for one of IPv4 is what that is.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within = |(block, bits): ([u8; 4], u32)| {
                (address.to_bits() ^ Ipv4Addr::from(block).to_bits()) >> (32 - bits) == 0
            };
            !APART_V4.into_iter().any(within)
        }
        IpAddr::V6(address) => match address.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                is_public(IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))))
            }
            [first, ..] if first >> 13 == 1 => {
                let within = |([a, b, c], bits): ([u16; 3], u32)| {
                    (address.to_bits() ^ Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_bits()) >> (128 - bits) == 0
                };
                !APART_V6.into_iter().any(within)
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &[&str], public: bool) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn public_addresses_may_be_reached() {
        check(&["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0"], true);
        check(&["172.15.255.255", "172.32.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"], true);
        check(&["2606:4700::1111", "2a00:1450:4001::8a", "2001:4860:4860::8888", "3ffe::1"], true);
    }

    #[test]
    fn addresses_of_this_machine_and_its_network_may_not() {
        check(&["0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255", "::", "::1"], false);
        check(&["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"], false);
        check(&["169.254.169.254", "100.64.0.1", "100.127.255.255", "fe80::1", "febf::1"], false);
        check(&["fc00::1", "fd12:3456::1", "fec0::1"], false);
    }

    #[test]
    fn addresses_that_are_no_hosts_may_not() {
        check(&["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1", "ff0e::1"], false);
        check(&["192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"], false);
        check(&["2001:db8::1", "3fff::1", "2001::1", "2001:2::1", "2001:10::1", "5f00::1", "100::1"], false);
    }

    #[test]
    fn an_address_within_another_is_what_it_stands_for() {
        check(&["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1"], false);
        check(&["::127.0.0.1", "2002:7f00:1::", "64:ff9b:1::1", "2001:0:7f00:1::"], false);
        check(&["::ffff:1.1.1.1", "64:ff9b::101:101"], true);
    }
}
