import Glibc
import SystemPackage

/// What is done to directories: making, listing, renaming and making such changes durable.
public enum Directory {
  /// Creates a directory and the ones above it, durably; one that exists already is fine.
  public static func create(_ path: String) throws {
    if isDirectory(path) { return }
    let parent = FilePath(path).removingLastComponent().string
    if !parent.isEmpty { try create(parent) }
    try createWithin(path)
  }

  /// Creates a directory within one that is there, durably; one that exists already is fine.
  public static func createWithin(_ path: String) throws {
    if mkdir(path, 0o755) != 0, errno != EEXIST || !isDirectory(path) {
      throw FileError(path, cannot: "create directory", Errno(rawValue: errno))
    }
    let parent = FilePath(path).removingLastComponent().string
    try sync(parent.isEmpty ? "." : parent)
  }

  /// Whether a directory lies at `path`.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether a regular file lies at `path`.
  public static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether anything lies at `path`.
  public static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// Where a path leads to, links followed: two paths of one file lead to the same. What is not there is its own path.
  public static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The names in a directory, sorted by their bytes; `.` and `..` are left out. What is not UTF-8 cannot be opened by what
  /// stands for it here, `String(nameOf:)`.
  public static func names(in path: String) throws -> [String] {
    guard let stream = opendir(path) else { throw FileError(path, cannot: "list", Errno(rawValue: errno)) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(nameOf: Array(bytes.prefix { $0 != 0 }))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The bytes of all files in a directory, and when it got its last one, in seconds since 1970.
  public static func sizeAndTime(of path: String) throws -> (bytes: Int, seconds: Int) {
    var result = (bytes: 0, seconds: 0)
    for file in [path] + (try names(in: path).map { "\(path)/\($0)" }) {
      var status = stat()
      guard stat(file, &status) == 0 else { throw FileError(file, cannot: "look at", Errno(rawValue: errno)) }
      if status.st_mode & S_IFMT == S_IFREG { result.bytes += Int(status.st_size) }
      if file == path { result.seconds = Int(status.st_mtim.tv_sec) }
    }
    return result
  }

  /// When a file was written last, in nanoseconds since 1970.
  public static func modified(_ path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path, cannot: "look at", Errno(rawValue: errno)) }
    return Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
  }

  /// Bytes that may still be written where a directory lies.
  public static func freeBytes(at path: String) throws -> Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw FileError(path, cannot: "look at", Errno(rawValue: errno)) }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Renames a file or directory within its parent, durably.
  public static func rename(_ old: String, to new: String) throws {
    guard Glibc.rename(old, new) == 0 else { throw FileError(new, cannot: "rename to", Errno(rawValue: errno)) }
    let parent = FilePath(new).removingLastComponent().string
    try sync(parent.isEmpty ? "." : parent)
  }

  /// Makes creations, renames and removals inside a directory durable.
  public static func sync(_ path: String) throws {
    do {
      let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.directory, .closeOnExec])
      defer { try? descriptor.close() }
      guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
    } catch let error as Errno {
      throw FileError(path, cannot: "sync directory", error)
    }
  }

  /// Removes a file, or a directory with all it holds; something that is not there is fine.
  public static func remove(_ path: String) throws {
    if isDirectory(path) {
      for name in try names(in: path) { try remove("\(path)/\(name)") }
      guard rmdir(path) == 0 else { throw FileError(path, cannot: "remove", Errno(rawValue: errno)) }
    } else if unlink(path) != 0, errno != ENOENT {
      throw FileError(path, cannot: "remove", Errno(rawValue: errno))
    }
  }
}
