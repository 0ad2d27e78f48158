/// The numbers of a line of the journal, whatever they are called: what is added to the journal one day is read as well,
/// and what an earlier version did not write is not missed.
package struct JournalNumbers: Decodable, Sendable {
  /// The step, from 1.
  package let step: Int
  /// When it was done, in seconds since 1970.
  package let time: Double?
  /// All others, sorted by name; those of groups with the group before them, as in `seconds/embed`.
  package let values: [(name: String, value: Double)]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: Key.self)
    let stepKey = Key(stringValue: "step"), timeKey = Key(stringValue: "time")
    step = try line.decode(Int.self, forKey: stepKey)
    time = try line.decodeIfPresent(Double.self, forKey: timeKey)
    var found: [(name: String, value: Double)] = []
    for key in line.allKeys where key.stringValue != "step" && key.stringValue != "time" {
      if let value = try? line.decode(Double.self, forKey: key) {
        found.append((key.stringValue, value))
      } else if let group = try? line.nestedContainer(keyedBy: Key.self, forKey: key) {
        for inner in group.allKeys {
          guard let value = try? group.decode(Double.self, forKey: inner) else { continue }
          found.append(("\(key.stringValue)/\(inner.stringValue)", value))
        }
      }
    }
    values = found.sorted { $0.name < $1.name }
  }
}
