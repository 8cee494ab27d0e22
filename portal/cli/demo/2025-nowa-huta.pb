META
key;value
description;Fictional participatory budget, Nowa Huta
country;Poland
unit;Budżet Obywatelski
subunit;Nowa Huta
instance;2025
num_projects;5
num_votes;85
budget;520000
vote_type;ordinal
rule;greedy
date_begin;14.06.2025
date_end;28.06.2025
min_length;3
max_length;3
language;pl
currency;PLN
PROJECTS
project_id;cost;votes;score;name;category;latitude;longitude
1;240000;61;125;Plac zabaw dla wszystkich przy alei Róż;accessibility,sport;50.0782;20.0527
2;130000;54;103;Neony wracają na osiedla;culture;50.0834;20.0454
3;95000;44;88;Nasadzenia przy placu Centralnym;greenery;50.0816;20.0529
4;168000;50;105;Siłownia pod dachem nad Zalewem;sport,health;50.0633;20.0460
5;83000;46;89;Czytelnia na osiedlu Teatralnym;education,culture;50.0630;20.0500
VOTES
voter_id;vote;voting_method;district
0216;5,4,2;paper;Nowa Huta
0202;5,2,3;internet;Nowa Huta
0197;4,3,2;internet;Nowa Huta
0212;1,5,3;internet;Nowa Huta
0178;1,4,3;paper;Nowa Huta
0211;4,2,3;internet;Nowa Huta
0248;4,5,2;internet;Nowa Huta
0185;2,4,1;internet;Nowa Huta
0220;3,2,1;internet;Nowa Huta
0230;4,1,5;internet;Nowa Huta
0196;5,4,1;internet;Nowa Huta
0181;3,5,4;internet;Nowa Huta
0179;3,5,1;paper;Nowa Huta
0241;3,2,5;internet;Nowa Huta
0246;1,3,2;internet;Nowa Huta
0226;1,2,3;internet;Nowa Huta
0224;3,5,4;internet;Nowa Huta
0240;2,5,1;internet;Nowa Huta
0174;2,3,4;internet;Nowa Huta
0183;1,5,3;internet;Nowa Huta
0201;3,5,4;internet;Nowa Huta
0203;3,5,1;internet;Nowa Huta
0207;1,3,4;internet;Nowa Huta
0210;3,5,2;internet;Nowa Huta
0239;5,4,3;internet;Nowa Huta
0234;1,3,5;paper;Nowa Huta
0213;4,1,2;internet;Nowa Huta
0187;2,3,5;internet;Nowa Huta
0228;2,5,1;paper;Nowa Huta
0176;5,1,4;internet;Nowa Huta
0225;4,5,1;internet;Nowa Huta
0175;3,1,4;internet;Nowa Huta
0170;3,5,2;internet;Nowa Huta
0208;2,1,5;internet;Nowa Huta
0235;2,3,1;internet;Nowa Huta
0192;1,4,3;paper;Nowa Huta
0214;5,4,1;internet;Nowa Huta
0215;2,1,4;paper;Nowa Huta
0204;1,5,4;paper;Nowa Huta
0200;1,3,2;paper;Nowa Huta
0166;4,2,5;paper;Nowa Huta
0233;2,4,1;internet;Nowa Huta
0167;5,2,4;internet;Nowa Huta
0188;4,5,1;internet;Nowa Huta
0217;4,5,1;internet;Nowa Huta
0227;4,1,3;internet;Nowa Huta
0243;1,4,2;paper;Nowa Huta
0182;1,4,2;internet;Nowa Huta
0250;2,4,1;paper;Nowa Huta
0191;1,3,2;internet;Nowa Huta
0245;1,5,3;paper;Nowa Huta
0186;2,1,5;internet;Nowa Huta
0237;5,1,4;internet;Nowa Huta
0172;2,4,1;internet;Nowa Huta
0190;5,2,1;internet;Nowa Huta
0219;3,4,1;paper;Nowa Huta
0223;1,5,4;internet;Nowa Huta
0189;4,3,1;internet;Nowa Huta
0198;3,4,1;internet;Nowa Huta
0222;2,1,3;internet;Nowa Huta
0205;3,1,5;internet;Nowa Huta
0180;2,1,3;internet;Nowa Huta
0244;4,5,2;internet;Nowa Huta
0168;2,3,5;internet;Nowa Huta
0206;3,2,1;internet;Nowa Huta
0209;4,1,2;paper;Nowa Huta
0194;1,4,2;internet;Nowa Huta
0171;4,3,2;paper;Nowa Huta
0221;1,2,5;internet;Nowa Huta
0218;1,5,2;internet;Nowa Huta
0238;1,5,2;internet;Nowa Huta
0229;2,5,4;internet;Nowa Huta
0184;2,1,3;internet;Nowa Huta
0232;1,2,4;internet;Nowa Huta
0199;1,3,2;internet;Nowa Huta
0173;1,5,2;internet;Nowa Huta
0242;1,4,2;internet;Nowa Huta
0169;4,1,3;internet;Nowa Huta
0193;2,4,3;internet;Nowa Huta
0231;3,5,2;internet;Nowa Huta
0195;4,3,2;internet;Nowa Huta
0247;4,2,1;paper;Nowa Huta
0177;1,2,5;internet;Nowa Huta
0236;4,5,2;internet;Nowa Huta
0249;4,1,5;internet;Nowa Huta
