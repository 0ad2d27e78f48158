import COpenMPI
import Glibc

/// All ranks that `mpirun` started.
public final class MPICommunicator: Communicator {
  /// This process, from 0.
  public let rank: Int
  /// How many processes there are.
  public let size: Int
  private let world = COpenMPI_world()

  /// Larger buffers travel in pieces of this many bytes: Open MPI 4.1 counts elements in 32 bits, and multiplies them
  /// by their size in 32 bits in places.
  private static let pieceBytes = 64 << 20

  /// Room for a piece of every rank side by side: reserved when first needed, and kept for the steps to come.
  private var side = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)

  /// Joins the other ranks.
  public init() throws {
    var provided: Int32 = 0
    try MPIError.check("MPI_Init_thread", MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided))
    guard provided >= Int32(MPI_THREAD_FUNNELED) else {
      throw MPIError("MPI_Init_thread", "this Open MPI was built without support for threads")
    }
    // Without this, an error ends the process before it can say where it happened.
    try MPIError.check(
      "MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(COpenMPI_world(), COpenMPI_errors_return()))
    var rank: Int32 = 0, size: Int32 = 0
    try MPIError.check("MPI_Comm_rank", MPI_Comm_rank(COpenMPI_world(), &rank))
    try MPIError.check("MPI_Comm_size", MPI_Comm_size(COpenMPI_world(), &size))
    self.rank = Int(rank)
    self.size = Int(size)
  }

  deinit { side.deallocate() }

  /// Leaves the world in good order; call it once, after the last operation.
  public func finalize() throws {
    try MPIError.check("MPI_Finalize", MPI_Finalize())
  }

  /// Replaces the numbers by their sums over all ranks.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws {
    try allReduce(UnsafeMutableRawBufferPointer(values), of: 4, COpenMPI_float(), COpenMPI_sum())
  }

  /// Replaces the numbers by their sums over all ranks.
  public func sum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    try allReduce(UnsafeMutableRawBufferPointer(values), of: 8, COpenMPI_double(), COpenMPI_sum())
  }

  /// Replaces the numbers by the largest of all ranks.
  public func maximum(_ values: UnsafeMutableBufferPointer<Float>) throws {
    try allReduce(UnsafeMutableRawBufferPointer(values), of: 4, COpenMPI_float(), COpenMPI_max())
  }

  /// Replaces the numbers by the largest of all ranks, element by element.
  public func maximum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    try allReduce(UnsafeMutableRawBufferPointer(values), of: 8, COpenMPI_double(), COpenMPI_max())
  }

  private func allReduce(
    _ bytes: UnsafeMutableRawBufferPointer, of elementBytes: Int, _ type: MPI_Datatype?, _ operation: MPI_Op?
  ) throws {
    for piece in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
      let count = min(Self.pieceBytes, bytes.count - piece) / elementBytes
      try MPIError.check(
        "MPI_Allreduce",
        MPI_Allreduce(
          COpenMPI_in_place(), bytes.baseAddress.map { $0 + piece }, Int32(count), type, operation, world))
    }
  }

  /// Gathers every rank's numbers, in the order of ranks.
  public func gather(_ own: UnsafeBufferPointer<Float>, into all: UnsafeMutableBufferPointer<Float>) throws {
    try checkParts(all.count, own.count)
    let most = Self.pieceBytes / 4 / size
    guard own.count > most else {
      try MPIError.check(
        "MPI_Allgather",
        MPI_Allgather(
          own.baseAddress, Int32(own.count), COpenMPI_float(), all.baseAddress, Int32(own.count), COpenMPI_float(),
          world))
      return
    }
    // A piece of every rank arrives side by side; each then goes to its place.
    let side = room(most * size)
    for start in stride(from: 0, to: own.count, by: most) {
      let count = min(most, own.count - start)
      try gather(
        UnsafeBufferPointer(rebasing: own[start..<start + count]),
        into: UnsafeMutableBufferPointer(rebasing: side[..<(count * size)]))
      for rank in 0..<size {
        let place = rank * own.count + start
        _ = UnsafeMutableBufferPointer(rebasing: all[place..<place + count])
          .update(fromContentsOf: side[rank * count..<(rank + 1) * count])
      }
    }
  }

  /// Sums `all` over the ranks and leaves each rank its part.
  public func sumScatter(_ all: UnsafeBufferPointer<Float>, into own: UnsafeMutableBufferPointer<Float>) throws {
    try checkParts(all.count, own.count)
    let most = Self.pieceBytes / 4 / size
    guard own.count > most else {
      try MPIError.check(
        "MPI_Reduce_scatter_block",
        MPI_Reduce_scatter_block(
          all.baseAddress, own.baseAddress, Int32(own.count), COpenMPI_float(), COpenMPI_sum(), world))
      return
    }
    let side = room(most * size)
    for start in stride(from: 0, to: own.count, by: most) {
      let count = min(most, own.count - start)
      for rank in 0..<size {
        let place = rank * own.count + start
        _ = UnsafeMutableBufferPointer(rebasing: side[rank * count..<(rank + 1) * count])
          .update(fromContentsOf: all[place..<place + count])
      }
      try sumScatter(
        UnsafeBufferPointer(rebasing: side[..<(count * size)]),
        into: UnsafeMutableBufferPointer(rebasing: own[start..<start + count]))
    }
  }

  private func room(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    if side.count < count {
      side.deallocate()
      side = .allocate(capacity: count)
    }
    return side
  }

  private func checkParts(_ all: Int, _ own: Int) throws {
    guard all == own * size else {
      throw MPIError("gather", "\(all) numbers are not \(size) ranks' parts of \(own)")
    }
  }

  /// How many pieces are handed over ahead where what goes out stays as it is: ranks that are held up in turn, by whatever
  /// else a machine does, then do not wait for each other at every piece. Fewer where each is sent to many ranks.
  private var piecesAhead: Int { max(128 / size, 1) }

  /// Exchanges parcels with all other ranks, piece by piece.
  public func exchange(
    pieces: Int, outgoingStays: Bool, _ parcels: (Int) -> Parcels, arrived: (Int) -> Void
  ) throws {
    var ready: [Parcels] = [], coming: [[MPI_Request?]] = [], going: [[MPI_Request?]] = []
    for piece in 0..<pieces {
      let last = min(piece + (outgoingStays ? piecesAhead : 1), pieces - 1)
      while ready.count <= last { ready.append(try checked(parcels(ready.count))) }
      // Sent before anything is received: a piece that is waiting here already is copied by the very call that asks for
      // it, and the rank it came from would wait for its own meanwhile.
      while going.count <= last { going.append(try send(ready[going.count].outgoing)) }
      // Messages of two ranks never overtake each other, so pieces need no tags of their own.
      while coming.count <= min(piece + 1, pieces - 1) { coming.append(try receive(ready[coming.count].incoming)) }
      try wait(for: &coming[piece])
      if !outgoingStays { try wait(for: &going[piece]) }
      arrived(piece)
    }
    for piece in going.indices where outgoingStays { try wait(for: &going[piece]) }
  }

  private func checked(_ parcels: Parcels) throws -> Parcels {
    guard parcels.outgoing.count == size, parcels.incoming.count == size else {
      throw MPIError(
        "exchange",
        "\(parcels.outgoing.count) and \(parcels.incoming.count) parcels are not one for each of \(size) ranks")
    }
    return parcels
  }

  // Every rank begins with the one behind it, or all of them would send to the first rank first.

  private func receive(_ incoming: [UnsafeMutableRawBufferPointer]) throws -> [MPI_Request?] {
    try (1..<max(size, 1)).flatMap { distance in
      let source = (rank + size - distance) % size, bytes = incoming[source]
      return try requests("MPI_Irecv", bytes.count) { start, count, request in
        MPI_Irecv(
          bytes.baseAddress.map { $0 + start }, count, COpenMPI_byte(), Int32(source), Self.exchangeTag, world, &request
        )
      }
    }
  }

  private func send(_ outgoing: [UnsafeRawBufferPointer]) throws -> [MPI_Request?] {
    try (1..<max(size, 1)).flatMap { distance in
      let target = (rank + distance) % size, bytes = outgoing[target]
      return try requests("MPI_Isend", bytes.count) { start, count, request in
        MPI_Isend(
          bytes.baseAddress.map { $0 + start }, count, COpenMPI_byte(), Int32(target), Self.exchangeTag, world, &request
        )
      }
    }
  }

  /// What `begin` began, a call for each so many bytes as one takes.
  private func requests(
    _ call: String, _ bytes: Int, _ begin: (_ start: Int, _ count: Int32, inout MPI_Request?) -> Int32
  ) throws -> [MPI_Request?] {
    try stride(from: 0, to: bytes, by: Self.pieceBytes).map { start in
      var request: MPI_Request?
      try MPIError.check(call, begin(start, Int32(min(Self.pieceBytes, bytes - start)), &request))
      return request
    }
  }

  private func wait(for requests: inout [MPI_Request?]) throws {
    var statuses = [MPI_Status](repeating: MPI_Status(), count: requests.count)
    let code = MPI_Waitall(Int32(requests.count), &requests, &statuses)
    // Its own code only says that one of the requests has failed.
    let failed = statuses.map(\.MPI_ERROR).first { $0 != MPI_SUCCESS && $0 != MPI_ERR_PENDING }
    try MPIError.check("MPI_Waitall", code == MPI_ERR_IN_STATUS ? failed ?? code : code)
  }

  private static let exchangeTag: Int32 = 1

  /// Copies rank 0's bytes to all others.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
    for piece in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
      try MPIError.check(
        "MPI_Bcast",
        MPI_Bcast(
          bytes.baseAddress.map { $0 + piece }, Int32(min(Self.pieceBytes, bytes.count - piece)), COpenMPI_byte(), 0,
          world))
    }
  }

  /// Returns once all ranks have called it.
  public func barrier() throws {
    try MPIError.check("MPI_Barrier", MPI_Barrier(world))
  }

  /// Ends all ranks at once with an exit code.
  public func abort(_ code: Int32) -> Never {
    COpenMPI_abort(code)
    exit(code)
  }
}
