import Glibc

/// A UDP socket (RFC 768) on all of a host's IPv4 addresses, for small messages beside MPI.
///
/// Why not MPI: it has to work while a rank sits in a collective operation that never ends.
final class DatagramSocket: Sendable {
  /// Where messages come from and go to.
  struct Address: Codable, Hashable, Sendable {
    /// In host byte order.
    let host: UInt32
    let port: UInt16
  }

  /// The port the system chose.
  let port: UInt16
  private let descriptor: CInt
  private static let longestMessage = 1400

  /// Opens a socket on a port of the system's choice; nil where the system refuses.
  init?() {
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    self.descriptor = descriptor
    var address = Self.native(Address(host: 0, port: 0))
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard status == 0 else {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }

  /// Sends a message; whether it arrives, nobody says.
  func send(_ message: [UInt8], to address: Address) {
    var native = Self.native(address)
    withUnsafePointer(to: &native) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(
          descriptor, message, message.count, CInt(MSG_DONTWAIT), $0,
          socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The next message and who sent it; nil if none comes in so many milliseconds.
  func receive(within milliseconds: Int) -> (message: [UInt8], from: Address)? {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, CInt(milliseconds)) > 0 else { return nil }
    var native = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let message = [UInt8](unsafeUninitializedCapacity: Self.longestMessage) { buffer, count in
      count = withUnsafeMutablePointer(to: &native) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          max(0, recvfrom(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT), $0, &length))
        }
      }
    }
    let from = Address(host: UInt32(bigEndian: native.sin_addr.s_addr), port: UInt16(bigEndian: native.sin_port))
    return message.isEmpty ? nil : (message, from)
  }

  /// This host's IPv4 addresses, on interfaces that are up; the loopback's last.
  static func ownHosts() -> [UInt32] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var hosts: [(host: UInt32, isLoopback: Bool)] = []
    for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
      guard let entry, let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        entry.pointee.ifa_flags & UInt32(IFF_UP) != 0
      else { continue }
      let host = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
      }
      hosts.append((host, entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) != 0))
    }
    return hosts.filter { !$0.isLoopback }.map(\.host) + hosts.filter(\.isLoopback).map(\.host)
  }

  private static func native(_ address: Address) -> sockaddr_in {
    var native = sockaddr_in()
    native.sin_family = sa_family_t(AF_INET)
    native.sin_port = address.port.bigEndian
    native.sin_addr.s_addr = address.host.bigEndian
    return native
  }
}
