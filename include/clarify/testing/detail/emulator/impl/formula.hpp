// SPDX-License-Identifier: BSL-1.0
// Bodies of the formulas.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/emulator/formula.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>
#include <span>
#include <system_error>
#include <utility>

namespace clarify::testing::detail {

/// Reads by recursive descent, one function for each rank of operators.
class Formula::Parser {
public:
    Parser(std::string_view text, const Lookup& lookup, Formula& formula)
        : text_(text), lookup_(lookup), formula_(formula) {}

    void parse() {
        constexpr std::size_t max_size = 10'000;
        if (text_.size() > max_size) fail("is longer than the emulator reads");
        comparison();
        skip_space();
        if (at_ != text_.size()) fail("is not understood");
    }

private:
    /// Counts how deep a formula is, so that a peer cannot exhaust the stack.
    class Depth {
    public:
        explicit Depth(Parser& parser) : parser_(parser) {
            constexpr int max_depth = 100;
            if (++parser_.depth_ > max_depth) parser_.fail("is deeper than the emulator reads");
        }
        Depth(const Depth&) = delete;
        Depth& operator=(const Depth&) = delete;
        ~Depth() { --parser_.depth_; }

    private:
        Parser& parser_;
    };

    struct Operator {
        std::string_view text;
        Op op;
    };

    [[noreturn]] void fail(const std::string& what) const {
        throw FormulaError{what + " at character " + std::to_string(at_ + 1)};
    }

    void skip_space() { at_ = (std::min)(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    std::string_view rest() {
        skip_space();
        return text_.substr(at_);
    }

    bool accept(std::string_view token) {
        const bool found = rest().starts_with(token);
        at_ += found ? token.size() : 0;
        return found;
    }

    void expect(std::string_view token) {
        if (!accept(token)) fail("lacks " + std::string{token});
    }

    void emit(
        Op op, double number = 0, std::size_t index = 0, double (*function)(double) = nullptr) {
        formula_.steps_.push_back(Step{op, number, index, function});
    }

    /// One rank of operators that bind to the left.
    void rank(std::initializer_list<Operator> operators, void (Parser::*operand)()) {
        (this->*operand)();
        for (;;) {
            const auto* const found =
                std::find_if(operators.begin(), operators.end(), [&](const Operator& candidate) {
                    // `**` is not `*`.
                    return rest().starts_with(candidate.text) &&
                        !(candidate.op == Op::multiply && rest().starts_with("**"));
                });
            if (found == operators.end()) return;
            at_ += found->text.size();
            (this->*operand)();
            emit(found->op);
        }
    }

    void comparison() {
        const Depth depth{*this};
        rank(
            {{"<=", Op::less_or_equal},
             {">=", Op::greater_or_equal},
             {"==", Op::equal},
             {"!=", Op::not_equal},
             {"<", Op::less},
             {">", Op::greater}},
            &Parser::sum);
    }

    void sum() { rank({{"+", Op::add}, {"-", Op::subtract}}, &Parser::product); }

    void product() {
        rank({{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::remainder}}, &Parser::signed_power);
    }

    void signed_power() {
        const Depth depth{*this};
        if (accept("-")) {
            signed_power();
            emit(Op::negate);
        } else if (accept("+")) {
            signed_power();
        } else {
            primary();
            if (accept("**")) {
                signed_power();
                emit(Op::power);
            }
        }
    }

    void primary() {
        if (accept("(")) {
            comparison();
            expect(")");
            return;
        }
        const std::string_view left = rest();
        if (left.empty()) fail("ends too early");
        if (clarify::detail::is_digit(left.front()) || left.front() == '.') {
            number(left);
        } else if (is_name_start(left.front())) {
            named(name_in(left));
        } else {
            fail("is not understood");
        }
    }

    void number(std::string_view left) {
        double value = 0;
        const auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), value);
        if (error != std::errc() || !std::isfinite(value)) fail("has no number");
        at_ += static_cast<std::size_t>(end - left.data());
        emit(Op::number, value);
    }

    void named(std::string_view name) {
        const std::size_t begin = at_;
        at_ += name.size();
        if (rest().starts_with("(")) {
            call(name, begin);
        } else if (name == "PI") {
            emit(Op::number, std::numbers::pi);
        } else if (name == "time_seconds") {
            emit(Op::time_seconds);
        } else if (name == "bucket_seconds") {
            emit(Op::bucket_seconds);
        } else if (const Variable* const variable = lookup_(name)) {
            emit(Op::variable, 0, variable->index);
        } else {
            at_ = begin;
            fail("has no variable " + std::string{name});
        }
    }

    void call(std::string_view name, std::size_t begin) {
        expect("(");
        if (name == "gapfill") {
            gapfill();
            return;
        }
        std::size_t count = 0;
        do {
            comparison();
            ++count;
        } while (accept(","));
        expect(")");
        if (name == "max" || name == "min") {
            emit(name == "max" ? Op::maximum : Op::minimum, 0, count);
            return;
        }
        double (*const function)(double) = function_named(name);
        const std::size_t wanted = name == "pow" ? 2 : function != nullptr ? 1 : 0;
        if (wanted != count) {
            at_ = begin;
            fail(
                wanted == 0 ? "has no function " + std::string{name}
                            : std::string{name} + " takes " + std::to_string(wanted) +
                        (wanted == 1 ? " argument" : " arguments"));
        }
        emit(name == "pow" ? Op::power : Op::function, 0, 0, function);
    }

    void gapfill() {
        const std::string_view name = name_in(rest());
        const Variable* const variable = name.empty() ? nullptr : lookup_(name);
        if (variable == nullptr || !variable->is_item) fail("gapfill takes the alias of an item");
        at_ += name.size();
        expect(")");
        formula_.fills_gaps_ = true;
        emit(Op::gapfill, 0, variable->index);
    }

    static double (*function_named(std::string_view name))(double) {
        struct Entry {
            std::string_view name;
            double (*function)(double);
        };
        static constexpr Entry entries[] = {
            {"abs", [](double x) { return std::abs(x); }},
            {"acos", [](double x) { return std::acos(x); }},
            {"asin", [](double x) { return std::asin(x); }},
            {"atan", [](double x) { return std::atan(x); }},
            {"ceil", [](double x) { return std::ceil(x); }},
            {"cos", [](double x) { return std::cos(x); }},
            {"exp", [](double x) { return std::exp(x); }},
            {"floor", [](double x) { return std::floor(x); }},
            {"log", [](double x) { return std::log(x); }},
            {"log10", [](double x) { return std::log10(x); }},
            {"round", [](double x) { return std::round(x); }},
            {"sin", [](double x) { return std::sin(x); }},
            {"sqrt", [](double x) { return std::sqrt(x); }},
            {"tan", [](double x) { return std::tan(x); }},
        };
        const auto* const found = std::find_if(
            std::begin(entries), std::end(entries), [&](const Entry& e) { return e.name == name; });
        return found == std::end(entries) ? nullptr : found->function;
    }

    static bool is_name_start(char c) {
        return c == '_' || (clarify::detail::is_alnum(c) && !clarify::detail::is_digit(c));
    }
    static bool is_in_name(char c) { return c == '_' || clarify::detail::is_alnum(c); }
    /// The name that `text` begins with, or an empty text.
    static std::string_view name_in(std::string_view text) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_in_name);
        return text.substr(0, static_cast<std::size_t>(end - text.begin()));
    }

    std::string_view text_;
    const Lookup& lookup_;
    Formula& formula_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

inline Formula::Formula(std::string_view text, const Lookup& lookup) {
    Parser(text, lookup, *this).parse();
}

inline double Formula::compared(Op op, double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return missing;
    switch (op) {
        case Op::less:
            return a < b;
        case Op::less_or_equal:
            return a <= b;
        case Op::greater:
            return a > b;
        case Op::greater_or_equal:
            return a >= b;
        case Op::equal:
            return a == b;
        default:
            return a != b;
    }
}

inline double Formula::combined(Op op, double a, double b) {
    switch (op) {
        case Op::add:
            return a + b;
        case Op::subtract:
            return a - b;
        case Op::multiply:
            return a * b;
        case Op::divide:
            return b == 0 ? missing : a / b;
        case Op::remainder:
            return b == 0 ? missing : a - b * std::floor(a / b);
        case Op::power:
            // 1 to the power of what is missing, which std::pow makes 1, is missing too.
            return std::isnan(a) || std::isnan(b) ? missing : std::pow(a, b);
        default:
            return compared(op, a, b);
    }
}

inline double Formula::extreme(Op op, std::span<const double> values) {
    double best = values.back();
    for (std::size_t i = values.size() - 1; i-- != 0;) {
        const bool better = op == Op::maximum ? values[i] > best : values[i] < best;
        // What is missing wins, and stays, for then no comparison holds.
        if (better || std::isnan(values[i])) best = values[i];
    }
    return best;
}

inline double Formula::value(const Environment& environment) const {
    std::vector<double> stack;
    for (const Step& step : steps_) {
        switch (step.op) {
            case Op::number:
                stack.push_back(step.number);
                break;
            case Op::variable:
                stack.push_back(environment.variable(step.index));
                break;
            case Op::gapfill:
                stack.push_back(environment.gapfilled(step.index));
                break;
            case Op::time_seconds:
                stack.push_back(environment.time_seconds());
                break;
            case Op::bucket_seconds:
                stack.push_back(environment.bucket_seconds());
                break;
            case Op::negate:
                stack.back() = -stack.back();
                break;
            case Op::function:
                stack.back() = step.function(stack.back());
                break;
            case Op::maximum:
            case Op::minimum: {
                const double best = extreme(step.op, std::span{stack}.last(step.index));
                stack.resize(stack.size() - step.index);
                stack.push_back(best);
                break;
            }
            default: {
                const double b = stack.back();
                stack.pop_back();
                stack.back() = combined(step.op, stack.back(), b);
            }
        }
    }
    const double result = stack.back();
    return std::isfinite(result) ? result : missing;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP
