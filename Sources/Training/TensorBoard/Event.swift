/// An event as TensorBoard reads it: TensorFlow's `Event` message in the frame of a TFRecord.
///
/// Of `event.proto`: `wall_time` 1, `step` 2, `file_version` 3, `summary` 5, `session_log` 7. Of `summary.proto`: a
/// summary's `value` 1, of each its `tag` 1 and `simple_value` 2.
struct Event {
  private var message = ProtobufMessage()

  /// What the file is: its first event.
  ///
  /// - Parameter time: seconds since 1970, as in all others.
  static func version(time: Double) -> Event {
    var event = Event(time: time, step: nil)
    event.message.append("brain.Event:2", as: 3)
    return event
  }

  /// That what was seen in other files of the same directory, from step 0 on, is no longer so.
  static func restart(time: Double) -> Event {
    var event = Event(time: time, step: 0)
    var log = ProtobufMessage()
    log.append(1, as: 1)  // START
    event.message.append(log, as: 7)
    return event
  }

  /// The numbers of a step.
  static func scalars(_ numbers: [(tag: String, value: Double)], step: Int, time: Double) -> Event {
    var event = Event(time: time, step: step)
    var summary = ProtobufMessage()
    for number in numbers {
      var value = ProtobufMessage()
      value.append(number.tag, as: 1)
      value.append(Float(number.value), as: 2)
      summary.append(value, as: 1)
    }
    event.message.append(summary, as: 5)
    return event
  }

  private init(time: Double, step: Int?) {
    message.append(time, as: 1)
    if let step { message.append(step, as: 2) }
  }

  /// The event as it stands in a file: its length, the length's check sum, the message, its check sum.
  var record: [UInt8] {
    let length = withUnsafeBytes(of: UInt64(message.bytes.count).littleEndian) { Array($0) }
    return length + Self.sum(of: length) + message.bytes + Self.sum(of: message.bytes)
  }

  private static func sum(of bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: CRC32C.masked(of: bytes).littleEndian) { Array($0) }
  }
}
