# Draws docs/demo.svg; a test checks that it is not stale.
circuitscope render --animate --pause 1.6 --size 84x24 --prompt '14 26 35 1 48' --keys 'tab tab tab down down down down left enter backtab L' -o docs/demo.svg
