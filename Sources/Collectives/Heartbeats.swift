import Foundation
import Synchronization

/// What the ranks know of each other beside MPI: where each of them is, and when it last said so.
///
/// All ranks send a datagram to the first from time to time, which answers. Ranks that sit in a collective operation
/// which never ends can so tell which one they are waiting for: a stopped process sends nothing.
public final class Heartbeats: Sendable {
  /// Where a rank is.
  public struct Sign: Codable, Sendable {
    /// Its number.
    public let rank: Int
    /// Its host's name.
    public let host: String
    /// The step it works on.
    public let step: Int
    /// What it does in that step.
    public let phase: String
    /// For how long.
    public let seconds: Double
    /// Tells the runs on a host apart.
    fileprivate var run: UInt64 = 0

    /// A sign of life.
    public init(rank: Int, host: String, step: Int, phase: String, seconds: Double) {
      self.rank = rank
      self.host = host
      self.step = step
      self.phase = phase
      self.seconds = seconds
    }
  }

  /// What a rank said last, and when.
  public struct Memory: Sendable {
    /// What it said.
    public let sign: Sign
    /// When.
    public let heard: ContinuousClock.Instant
  }

  private let isFirst: Bool
  private let run: UInt64
  private let socket: DatagramSocket
  private let state: Mutex<State>

  private struct State {
    var heard: [Int: Memory] = [:]
    /// Where the first rank may be reached: all its addresses, until one answered.
    var first: [DatagramSocket.Address]
  }

  /// What the first rank tells all others at the start, by MPI.
  private struct Invitation: Codable {
    let run: UInt64
    let addresses: [DatagramSocket.Address]
  }

  /// Opens the channel, together with all other ranks; nil, on all of them, if one cannot.
  public init?(in world: any Communicator) throws {
    let own = DatagramSocket()
    var invitation = Invitation(run: .random(in: 0 ... .max), addresses: [])
    if let own, world.isFirst {
      invitation = Invitation(
        run: invitation.run,
        addresses: DatagramSocket.ownHosts().map { DatagramSocket.Address(host: $0, port: own.port) })
    }
    let bytes = try world.broadcast(Array(try JSONEncoder().encode(invitation)))
    invitation = try JSONDecoder().decode(Invitation.self, from: Data(bytes))
    guard try world.sum(own == nil ? 1 : 0) == 0, let own else { return nil }
    socket = own
    run = invitation.run
    isFirst = world.isFirst
    state = Mutex(State(first: invitation.addresses))
  }

  /// Tells where this rank is, and listens to the others for so long.
  public func exchange(_ own: Sign, listeningFor duration: Duration) {
    var own = own
    own.run = run
    let message = Array((try? JSONEncoder().encode(own)) ?? Data())
    if !isFirst {
      for address in state.withLock({ $0.first }) { socket.send(message, to: address) }
    }
    let end = ContinuousClock.now + duration
    while case let left = ContinuousClock.now.duration(to: end) / .milliseconds(1), left > 0 {
      guard let (bytes, from) = socket.receive(within: Int(left.rounded(.up))) else { continue }
      guard let sign = try? JSONDecoder().decode(Sign.self, from: Data(bytes)), sign.run == run else { continue }
      state.withLock {
        $0.heard[sign.rank] = Memory(sign: sign, heard: .now)
        if !isFirst { $0.first = [from] }
      }
      if isFirst { socket.send(message, to: from) }
    }
  }

  /// What the other ranks said last: on the first rank of all others, on others of the first.
  public var heard: [Int: Memory] { state.withLock { $0.heard } }
}
