// SPDX-License-Identifier: BSL-1.0
// Formulas of calculations, such as `(pump + 1) / bucket_seconds`.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_FORMULA_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_FORMULA_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing::detail {

/// What is wrong with a formula, and where.
class FormulaError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/** A formula that was read once and is computed for many buckets.

    From the weakest to the strongest: the comparisons `< <= > >= == !=`, which yield 1 or 0; `+ -`;
    `* / %`; the sign; `**`, which binds to the right. There are parentheses, numbers, the constant
    `PI`, variables, and the functions `abs acos asin atan ceil cos exp floor gapfill log log10 max
    min pow round sin sqrt tan`, of which `max` and `min` take any number of arguments. The
    result of `%` has the sign of the divisor. What is missing is NaN, and so is what is made of it.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class Formula {
public:
    /// What a name in a formula stands for.
    struct Variable {
        /// By which `Environment` knows it.
        std::size_t index = 0;
        /// Only an item can be gap-filled.
        bool is_item = false;
    };

    /// Finds a variable by its name; null when there is none.
    using Lookup = std::function<const Variable*(std::string_view name)>;

    /// What a formula is computed with.
    class Environment {
    public:
        virtual double variable(std::size_t index) const = 0;
        /// The latest value of an item that is not older than its gap detection.
        virtual double gapfilled(std::size_t index) const = 0;
        virtual double time_seconds() const = 0;
        virtual double bucket_seconds() const = 0;

    protected:
        ~Environment() = default;
    };

    /** Reads a formula.

        @throws FormulaError when it is not valid, names what `lookup` does not find, or is longer or
        deeper than the emulator reads.
    */
    Formula(std::string_view text, const Lookup& lookup);

    /// The value; NaN where something is missing or there is no result.
    double value(const Environment& environment) const;

    /// Is there a `gapfill` in it?
    bool fills_gaps() const noexcept { return fills_gaps_; }

private:
    class Parser;

    enum class Op : std::uint8_t {
        number,
        variable,
        gapfill,
        time_seconds,
        bucket_seconds,
        add,
        subtract,
        multiply,
        divide,
        remainder,
        power,
        negate,
        less,
        less_or_equal,
        greater,
        greater_or_equal,
        equal,
        not_equal,
        maximum,
        minimum,
        function,
    };

    /// A step of a stack machine: it takes operands from the stack, and puts its result there.
    struct Step {
        Op op = Op::number;
        double number = 0;
        /// Which variable, or how many arguments there are.
        std::size_t index = 0;
        double (*function)(double) = nullptr;
    };

    /// How a formula says that a value is not there.
    static constexpr double missing = std::numeric_limits<double>::quiet_NaN();

    /// What an operator makes of two operands.
    static double combined(Op op, double a, double b);
    /// 1 where a comparison holds, else 0.
    static double compared(Op op, double a, double b);
    /// The largest or the smallest of some values; missing where one of them is.
    static double extreme(Op op, std::span<const double> values);

    std::vector<Step> steps_;
    bool fills_gaps_ = false;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/formula.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_FORMULA_HPP
