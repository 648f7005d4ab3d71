// SPDX-License-Identifier: BSL-1.0
// Bodies of the formulas.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP

#include <clarify/testing/detail/emulator/formula.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>
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
        throw FormulaError(what + " at character " + std::to_string(at_ + 1));
    }

    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

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
                    // `**` is no `*`.
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
        const Depth depth(*this);
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
        const Depth depth(*this);
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
        if (is_digit(left.front()) || left.front() == '.') {
            number(left);
        } else if (is_name_start(left.front())) {
            const auto end = std::find_if_not(
                left.begin(), left.end(), [](char c) { return is_name_start(c) || is_digit(c); });
            const std::string_view name(left.data(), static_cast<std::size_t>(end - left.begin()));
            named(name);
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
        const std::string_view left = rest();
        const auto end = std::find_if_not(
            left.begin(), left.end(), [](char c) { return is_name_start(c) || is_digit(c); });
        const std::string_view name(left.data(), static_cast<std::size_t>(end - left.begin()));
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

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    static bool is_name_start(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
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

inline double Formula::value(const Environment& environment) const {
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> stack;
    const auto truth = [&](auto&& holds) {
        const double b = stack.back();
        stack.pop_back();
        double& a = stack.back();
        a = std::isnan(a) || std::isnan(b) ? missing : holds(a, b) ? 1.0 : 0.0;
    };
    const auto binary = [&](auto&& result) {
        const double b = stack.back();
        stack.pop_back();
        stack.back() = result(stack.back(), b);
    };
    const auto pick = [&](std::size_t count, auto&& is_better) {
        double best = stack.back();
        for (std::size_t i = 1; i < count; ++i) {
            stack.pop_back();
            const double other = stack.back();
            if (std::isnan(other) || (!std::isnan(best) && is_better(other, best))) best = other;
        }
        stack.back() = best;
    };
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
            case Op::add:
                binary([](double a, double b) { return a + b; });
                break;
            case Op::subtract:
                binary([](double a, double b) { return a - b; });
                break;
            case Op::multiply:
                binary([](double a, double b) { return a * b; });
                break;
            case Op::divide:
                binary([](double a, double b) { return b == 0 ? missing : a / b; });
                break;
            case Op::remainder:
                binary([](double a, double b) {
                    return b == 0 ? missing : a - b * std::floor(a / b);
                });
                break;
            case Op::power:
                // 1 to the power of what is missing, which std::pow makes 1, is missing too.
                binary([](double a, double b) {
                    return std::isnan(a) || std::isnan(b) ? missing : std::pow(a, b);
                });
                break;
            case Op::negate:
                stack.back() = -stack.back();
                break;
            case Op::less:
                truth([](double a, double b) { return a < b; });
                break;
            case Op::less_or_equal:
                truth([](double a, double b) { return a <= b; });
                break;
            case Op::greater:
                truth([](double a, double b) { return a > b; });
                break;
            case Op::greater_or_equal:
                truth([](double a, double b) { return a >= b; });
                break;
            case Op::equal:
                truth([](double a, double b) { return a == b; });
                break;
            case Op::not_equal:
                truth([](double a, double b) { return a != b; });
                break;
            case Op::maximum:
                pick(step.index, [](double a, double b) { return a > b; });
                break;
            case Op::minimum:
                pick(step.index, [](double a, double b) { return a < b; });
                break;
            case Op::function:
                stack.back() = step.function(stack.back());
                break;
        }
    }
    const double result = stack.back();
    return std::isfinite(result) ? result : missing;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_FORMULA_HPP
