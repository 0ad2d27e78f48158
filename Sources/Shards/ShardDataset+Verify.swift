public import Files

extension ShardDataset {
  /// Looks for damage in a dataset.
  ///
  /// - Parameters:
  ///   - directory: where the dataset lies.
  ///   - isFast: compares sizes, seek tables and the checksums stored with frames, but reads no frame.
  ///     Otherwise everything is read: each frame's content, and the digest of each file.
  ///   - threads: how many shards are read at once.
  /// - Returns: what is broken, each with its file; empty for a sound dataset.
  public static func verify(_ directory: String, isFast: Bool = false, threads: Int = 1) -> [FileError] {
    do {
      let index = try ShardIndex.read(from: directory)
      let misfits = try index.misfits(in: directory)
      var problems = misfits.map(\.value)
      let misfitting = Set(misfits.compactMap(\.key))
      let sound = index.shards.indices.filter { !misfitting.contains($0) }
      let results = OrderedWorkers(
        threads: threads, ahead: 2 * threads, pull: { sound.indices.contains($0) ? index.shards[sound[$0]] : nil },
        work: { entry in
          var check = ShardCheck()
          check.run(entry, in: directory, isFast: isFast)
          return check
        })
      var formats: [String: Int] = [:]
      while let result = try results.next() {
        problems += result.problems
        formats.merge(result.formats, uniquingKeysWith: +)
      }
      if !isFast, problems.isEmpty, formats != index.pictures {
        problems.append(
          FileError("\(directory)/\(ShardIndex.fileName)", "pictures is \(index.pictures), the shards hold \(formats)"))
      }
      return try problems + [index.countsMisfit(in: directory)].compactMap { $0 }
    } catch let error as FileError {
      return [error]
    } catch {
      return [FileError(directory, "\(error)")]
    }
  }
}
