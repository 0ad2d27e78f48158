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
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // Libraries of the system.
    library("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    library("COneDNN", apt: "libdnnl-dev"),
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
    .target(
      name: "CKernels",
      // `sqrtf` that may set errno is not vectorised; left alone, clang would use half of an AVX-512 register.
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-mprefer-vector-width=512"])]),
    module("Tensors", ["CKernels", "COpenBLAS", "COneDNN"]),
    module("Towers", ["Tensors"]),

    // Files that exist only when complete.
    module("Files", ["CXXHash", .product(name: "SystemPackage", package: "swift-system")]),

    // What comes in, what goes out, and between the ranks.
    .target(name: "CImageKernels"),
    // Debian: libjpeg62-turbo-dev.
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    module("Images", ["CImageKernels", "CJPEG", "CTurboJPEG", "CPNG", "CWebP"]),
    module("Captions", ["Files", "CZlib"]),
    module("Collectives", ["COpenMPI"]),
    module("Shards", ["Files", "Images", "CZstd", "CZlib"]),
    module("Checkpoints", ["Files", "Tensors", "Towers", "Captions", "CZlib", "CZstd"]),

    // The two things one does with it.
    module("Training", ["Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints"]),
    module(
      "Evaluation",
      [
        "Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints", "Training",
        "CCairo",
      ]),

    // A page that asks a model.
    module(
      "Server",
      [
        "Tensors", "Towers", "Images", "Shards", "Training", "Evaluation",
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ]),

    // How fast all of it is.
    module(
      "Benchmarks",
      [
        "Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints", "Training",
        "Evaluation",
      ]),

    .executableTarget(
      name: "clip",
      dependencies: [
        "Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints", "Training",
        "Evaluation", "Server", "Benchmarks", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: swift),

    // The quickstart's data: Debian's emoji font as pictures with captions.
    .executableTarget(
      name: "emoji-pictures",
      dependencies: [
        "Files", "CHarfBuzz", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),

    // Tests: `swift test -c release`, and what takes several ranks: `mpirun -n 2 .build/release/WorldCheck`.
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .executableTarget(
      name: "WorldCheck", dependencies: ["CAllocations", "Collectives", "Shards", "Tensors", "Towers", "Training"],
      path: "Tests/WorldCheck",
      swiftSettings: swift),
    // Loss of power at every moment of a save, which launch/faults.sh traces.
    .executableTarget(
      name: "PowerLoss", dependencies: ["Checkpoints", "Files", "Tensors"], path: "Tests/PowerLoss",
      swiftSettings: swift),
    tests(of: "Files"),
    tests(of: "Tensors"),
    tests(of: "clip", ["Files", "Images", "Shards", "Checkpoints"]),
    tests(
      of: "Training", ["Files", "Tensors", "Towers", "Images", "Captions", "Collectives", "Shards", "Checkpoints"],
      resources: [.copy("Fixtures")]),
    tests(of: "Checkpoints", ["Files", "Tensors", "Towers"], resources: [.copy("Fixtures")]),
    tests(of: "Images", ["CImageKernels", "CTurboJPEG"], resources: [.copy("Fixtures")]),
    tests(of: "Shards", ["Files"], resources: [.copy("Fixtures")]),
    tests(of: "Captions", ["Files"], resources: [.copy("Fixtures")]),
    tests(of: "Evaluation", ["Files", "Images", "Tensors", "Towers", "Collectives", "Checkpoints", "CPNG"]),
    tests(of: "Benchmarks", ["Tensors", "Towers", "Collectives", "Training"]),
    tests(of: "emoji-pictures", ["Files"]),
  ]
)
