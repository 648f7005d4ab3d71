// SPDX-License-Identifier: BSL-1.0
// Tests of the formulas that the emulator computes.

#include <clarify/testing/detail/emulator/formula.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>

namespace formula_test {

using namespace clarify::testing::detail;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// The variables are `a` and `b` of items, and `c` of a calculation.
struct Values final : Formula::Environment {
    double variable(std::size_t index) const override {
        return index == 0 ? a : index == 1 ? b : 9;
    }
    double gapfilled(std::size_t index) const override { return 100 + static_cast<double>(index); }
    double time_seconds() const override { return 3600; }
    double bucket_seconds() const override { return 60; }

    double a = 2;
    double b = 0.5;
};

const Formula::Variable* find(std::string_view name) {
    static const Formula::Variable a{0, true};
    static const Formula::Variable b{1, true};
    static const Formula::Variable c{2, false};
    return name == "a" ? &a : name == "b" ? &b : name == "c" ? &c : nullptr;
}

double value_of(std::string_view text, const Values& values = {}) {
    INFO(text);
    return Formula(text, &find).value(values);
}

std::string problem_of(std::string_view text) {
    try {
        const Formula formula(text, &find);
    } catch (const FormulaError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("Formula: operators bind as in arithmetic, the power to the right") {
    CHECK(value_of("1 + 2 * 3") == 7);
    CHECK(value_of("(1+2)*3") == 9);
    CHECK(value_of("7 - 2 - 1") == 4);
    CHECK(value_of("16 / 4 / 2") == 2);
    CHECK(value_of("2 ** 3 ** 2") == 512);
    CHECK(value_of("-2 ** 2") == -4);
    CHECK(value_of("2 ** -1") == 0.5);
    CHECK(value_of("2 * -3") == -6);
    CHECK(value_of("- - +3") == 3);
    CHECK(value_of("7 % 3") == 1);
    CHECK(value_of("-1 % 3") == 2);
    CHECK(value_of(" 1.5e2\t+.5 ") == 150.5);
    CHECK(value_of("2*a**2") == 8);
}

TEST_CASE("Formula: comparisons are 1 or 0, and bind the least") {
    CHECK(value_of("1 + 1 > 1") == 1);
    CHECK(value_of("a > 2") == 0);
    CHECK(value_of("a >= 2") == 1);
    CHECK(value_of("a < 2") == 0);
    CHECK(value_of("a <= 2") == 1);
    CHECK(value_of("a == 2") == 1);
    CHECK(value_of("a != 2") == 0);
    CHECK(value_of("(a > 1) * 10") == 10);
}

TEST_CASE("Formula: variables, constants and functions") {
    CHECK(value_of("a + b + c") == 11.5);
    CHECK(value_of("PI") == std::numbers::pi);
    CHECK(value_of("time_seconds / bucket_seconds") == 60);
    CHECK(value_of("gapfill(b) + gapfill( a )") == 201);
    CHECK(value_of("sin(2*PI*time_seconds/14400)") == 1);
    CHECK(value_of("max(a, b)") == 2);
    CHECK(value_of("min(3, 1, 2)") == 1);
    CHECK(value_of("max(a)") == 2);
    CHECK(value_of("pow(2, 10)") == 1024);
    CHECK(value_of("abs(-a) + floor(1.7) + ceil(1.2) + round(2.5)") == 8);
    CHECK(value_of("sqrt(16) + exp(0) + log(1) + log10(100)") == 7);
    CHECK(value_of("cos(0) + tan(0) + asin(0) + acos(1) + atan(0)") == 1);
    CHECK(Formula("gapfill(a)", &find).fills_gaps());
    CHECK_FALSE(Formula("a", &find).fills_gaps());
}

TEST_CASE("Formula: what is missing, or is no number, is missing in the result") {
    Values values;
    values.a = missing;
    CHECK(std::isnan(value_of("a + 1", values)));
    CHECK(std::isnan(value_of("a > 1", values)));
    CHECK(std::isnan(value_of("1 != a", values)));
    CHECK(std::isnan(value_of("max(1, a)", values)));
    CHECK(std::isnan(value_of("min(a, 1)", values)));
    CHECK(std::isnan(value_of("1 ** a", values)));
    CHECK(std::isnan(value_of("a ** 0", values)));
    CHECK(std::isnan(value_of("1 / 0")));
    CHECK(std::isnan(value_of("1 % 0")));
    CHECK(std::isnan(value_of("log(0)")));
    CHECK(std::isnan(value_of("sqrt(-1)")));
    CHECK(std::isnan(value_of("10 ** 400")));
}

TEST_CASE("Formula: what is not valid is told, with the place") {
    CHECK(problem_of("") == "ends too early at character 1");
    CHECK(problem_of("1 +") == "ends too early at character 4");
    CHECK(problem_of("1 2") == "is not understood at character 3");
    CHECK(problem_of("a b") == "is not understood at character 3");
    CHECK(problem_of("(1") == "lacks ) at character 3");
    CHECK(problem_of("1 + d") == "has no variable d at character 5");
    CHECK(problem_of("1 + foo(1)") == "has no function foo at character 5");
    CHECK(problem_of("sin(1, 2)") == "sin takes 1 argument at character 1");
    CHECK(problem_of("pow(1)") == "pow takes 2 arguments at character 1");
    CHECK(problem_of("gapfill(c)") == "gapfill takes the alias of an item at character 9");
    CHECK(problem_of("gapfill(1)") == "gapfill takes the alias of an item at character 9");
    CHECK(problem_of("gapfill(a + 1)") == "lacks ) at character 11");
    CHECK(problem_of("1 & 2") == "is not understood at character 3");
    CHECK(problem_of(". + 1") == "has no number at character 1");
    CHECK(problem_of("1e999") == "has no number at character 1");
    CHECK(problem_of("sin()") == "is not understood at character 5");
    CHECK(problem_of("sin") == "has no variable sin at character 1");
}

TEST_CASE("Formula: neither its length nor its depth exhausts the reader") {
    CHECK(problem_of(std::string(200, '(') + "1" + std::string(200, ')')).starts_with("is deeper"));
    CHECK(problem_of(std::string(9'000, '-') + "1").starts_with("is deeper"));
    CHECK(problem_of(std::string(20'000, '1')).starts_with("is longer"));
    CHECK(value_of(std::string(40, '(') + "1" + std::string(40, ')')) == 1);
    std::string sum = "1";
    for (int i = 0; i != 2'000; ++i)
        sum += "+1";
    CHECK(value_of(sum) == 2'001);
}

}  // namespace formula_test
