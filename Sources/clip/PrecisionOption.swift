public import ArgumentParser
public import Towers
import Training

/// What products read, where no recipe says it.
struct PrecisionOption: ParsableArguments {
  @Option(help: ArgumentHelp("bf16 or fp32 (default: the recipes').", valueName: "type"))
  var precision: Precision?

  /// The precision asked for, or that of the recipes.
  var value: Precision { precision ?? Recipe.paper.precision }
}

extension Precision: ExpressibleByArgument {}
