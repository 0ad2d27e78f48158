import Images

/// Small pictures that can be learned in seconds: a shape of a colour on a dark ground, somewhere.
enum Shapes {
  private static let colors: [(name: String, rgb: [UInt8])] = [
    ("red", [220, 30, 30]), ("green", [30, 180, 40]), ("blue", [30, 60, 220]), ("yellow", [230, 220, 40]),
    ("white", [240, 240, 240]), ("purple", [150, 30, 180]),
  ]
  private static let forms: [(name: String, holds: @Sendable (Double, Double) -> Bool)] = [
    ("circle", { x, y in x * x + y * y < 1 }),
    ("square", { x, y in max(abs(x), abs(y)) < 0.9 }),
    ("cross", { x, y in min(abs(x), abs(y)) < 0.25 && max(abs(x), abs(y)) < 1 }),
    ("triangle", { x, y in y < 0.8 && y > -1 && abs(x) < (y + 1) / 2 }),
  ]

  /// How many different captions there are.
  static let kinds = colors.count * forms.count

  /// What picture `number` shows.
  static func caption(_ number: Int) -> String {
    let (color, form) = (number / forms.count % colors.count, number % forms.count)
    return "a \(colors[color].name) \(forms[form].name)"
  }

  /// Picture `number`; those with the same caption differ in place and ground.
  static func picture(_ number: Int, side: Int = 40) -> Picture {
    let (color, form) = (colors[number / forms.count % colors.count].rgb, forms[number % forms.count])
    let ground = UInt8(number * 37 % 40)
    let (left, top) = (12 + number * 7 % 17, 12 + number * 11 % 17)
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let unit = Double(side) * 0.28
        let center = (Double(left * side) / 40, Double(top * side) / 40)
        let isInside = form.holds((Double(x) - center.0) / unit, (Double(y) - center.1) / unit)
        pixels += isInside ? color : [ground, ground, ground]
      }
    }
    return Picture(size: PictureSize(width: side, height: side), pixels: pixels)
  }
}

extension Scratch {
  /// Writes captioned pictures into a folder: PNG, every fourth one JPEG.
  func writeShapes(_ count: Int, to folder: String = "pictures", from first: Int = 0) throws {
    for number in first..<first + count {
      let picture = Shapes.picture(number)
      let name = "\(folder)/p\(1000 + number)"
      if number % 4 == 3 {
        try write(picture.encodedAsJPEG(), to: "\(name).jpg")
      } else {
        try write(picture.encodedAsPNG(), to: "\(name).png")
      }
      try write(Shapes.caption(number) + "\n", to: "\(name).txt")
    }
  }
}
