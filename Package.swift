// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A Debian library: `Sources/<name>` holds its module map and, where Swift cannot call it directly, a shim.
func library(_ name: String, pkgConfig: String? = nil, apt package: String) -> Target {
  .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(of name: String, _ more: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + more, resources: resources, swiftSettings: swift)
}

let package = Package(
  name: "swift-clip",
  products: [.executable(name: "clip", targets: ["clip"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Libraries of the system.
    library("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    library("COpenMPI", pkgConfig: "ompi-c", apt: "libopenmpi-dev"),
    library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    library("CXXHash", pkgConfig: "libxxhash", apt: "libxxhash-dev"),
    library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    library("CTurboJPEG", pkgConfig: "libturbojpeg", apt: "libturbojpeg0-dev"),
    library("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
    library("CWebP", pkgConfig: "libwebp", apt: "libwebp-dev"),
    library("CCairo", pkgConfig: "cairo", apt: "libcairo2-dev"),
    library("CHarfBuzz", pkgConfig: "harfbuzz", apt: "libharfbuzz-dev"),

    // Numbers.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-fno-math-errno"])]),
    module("Tensors", ["CKernels", "COpenBLAS"]),
    module("Towers", ["Tensors"]),

    // Files that exist only when complete.
    module("Files", ["CXXHash", .product(name: "SystemPackage", package: "swift-system")]),

    // What comes in, what goes out, and between the ranks.
    module("Images", ["CTurboJPEG", "CPNG", "CWebP"]),
    module("Captions", ["Files", "CZlib"]),
    module("Collectives", ["COpenMPI"]),
    module("Shards", ["Files", "Images", "CZstd"]),
    module("Checkpoints", ["Files", "Tensors", "Towers", "Captions"]),

    // The two things one does with it.
    module("Training", ["Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints"]),
    module("Evaluation", ["Files", "Tensors", "Towers", "Images", "Captions", "Shards", "Checkpoints", "CCairo"]),

    .executableTarget(
      name: "clip",
      dependencies: [
        "Training", "Evaluation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),

    // Tests: `swift test -c release`.
    tests(of: "Files"),
    tests(of: "Captions", ["Files"], resources: [.copy("Fixtures")]),
  ]
)
