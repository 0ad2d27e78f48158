import ArgumentParser

/// The file of a picture that is drawn.
enum PNGFile {
  /// The path, unless its name promises another format than the one that is written.
  static func path(_ argument: String) throws -> String {
    let name = argument.split(separator: "/").last ?? ""
    guard let ending = name.split(separator: ".").dropFirst().last, ending.lowercased() != "png" else {
      return argument
    }
    throw ValidationError("found \(argument), expected a name that ends in .png: that is what is drawn")
  }
}
